WITH activities AS (
  SELECT
    *
  FROM
    silver.grouped_activities
),
counted AS (
  SELECT
    athlete_id,
    local_date,
    sport_group,
    distance_m,
    moving_time_s,
    elevation_gain_m
  FROM
    activities
  UNION ALL
  SELECT
    athlete_id,
    local_date,
    'all',
    distance_m,
    moving_time_s,
    elevation_gain_m
  FROM
    activities
)
SELECT
  athlete_id,
  local_date,
  sport_group,
  COUNT(*) AS activities,
  -- Sums are rounded, so that the order in which rows are added up does not show.
  ROUND(COALESCE(SUM(distance_m), 0), 3) AS distance_m,
  COALESCE(SUM(moving_time_s), 0) AS moving_time_s,
  ROUND(COALESCE(SUM(elevation_gain_m), 0), 3) AS elevation_gain_m
FROM
  counted
GROUP BY
  athlete_id,
  local_date,
  sport_group
