WITH bests AS (
  SELECT
    *
  FROM
    silver.curve_bests
  WHERE
    curve = 'heartrate'
)
SELECT
  athlete_id,
  sport_group,
  period,
  duration_s,
  value AS heartrate_bpm,
  activity_id,
  local_date
FROM
  bests
