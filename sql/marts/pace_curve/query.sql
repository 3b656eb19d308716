WITH bests AS (
  SELECT
    *
  FROM
    silver.curve_bests
  WHERE
    curve = 'speed'
)
SELECT
  athlete_id,
  sport_group,
  period,
  duration_s,
  value AS speed_mps,
  3.6 * value AS speed_kmh,
  3600 * value / 1609.344 AS speed_mph,
  SAFE_DIVIDE(1000, value) AS pace_s_per_km,
  SAFE_DIVIDE(1609.344, value) AS pace_s_per_mi,
  SAFE_DIVIDE(100, value) AS pace_s_per_100m,
  SAFE_DIVIDE(91.44, value) AS pace_s_per_100yd,
  activity_id,
  local_date
FROM
  bests
