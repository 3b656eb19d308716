WITH today AS (
  SELECT
    *
  FROM
    silver.today
),
greatest AS (
  -- Few numbers of many points: only points that have one of them are ranked.
  SELECT
    athlete_id,
    sport_group,
    curve,
    year,
    duration_s,
    MAX(value) AS value
  FROM
    silver.curve_points
  GROUP BY
    athlete_id,
    sport_group,
    curve,
    year,
    duration_s
),
of_years AS (
  SELECT
    points.*
  FROM
    silver.curve_points AS points
  INNER JOIN
    greatest
  ON
    points.athlete_id = greatest.athlete_id
    AND points.sport_group = greatest.sport_group
    AND points.curve = greatest.curve
    AND points.year = greatest.year
    AND points.duration_s = greatest.duration_s
    AND points.value = greatest.value
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY
        points.athlete_id,
        points.sport_group,
        points.curve,
        points.year,
        points.duration_s
      ORDER BY points.started_at, points.activity_id
    ) = 1
),
candidates AS (
  SELECT
    athlete_id,
    sport_group,
    curve,
    CAST(year AS STRING) AS period,
    duration_s,
    value,
    started_at,
    activity_id,
    local_date
  FROM
    of_years
  UNION ALL
  -- The best of all time is the best of a year.
  SELECT
    athlete_id,
    sport_group,
    curve,
    'all',
    duration_s,
    value,
    started_at,
    activity_id,
    local_date
  FROM
    of_years
  UNION ALL
  SELECT
    points.athlete_id,
    points.sport_group,
    points.curve,
    '90 days',
    points.duration_s,
    points.value,
    points.started_at,
    points.activity_id,
    points.local_date
  FROM
    silver.curve_points AS points
  INNER JOIN
    today
  ON
    points.athlete_id = today.athlete_id
    AND points.local_date > CAST(DATE_SUB(today.local_date, INTERVAL 90 DAY) AS DATE)
)
SELECT
  athlete_id,
  sport_group,
  curve,
  period,
  duration_s,
  value,
  activity_id,
  local_date
FROM
  candidates
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY athlete_id, sport_group, curve, period, duration_s
    ORDER BY value DESC, started_at, activity_id
  ) = 1
