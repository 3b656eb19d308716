WITH activities AS (
  SELECT
    *
  FROM
    marts.activity_summary
  WHERE
    gear_id IS NOT NULL
),
gear AS (
  SELECT
    *
  FROM
    silver.gear
),
used AS (
  -- Sums are rounded, so that the order in which rows are added up does not show.
  SELECT
    athlete_id,
    gear_id,
    COUNT(*) AS activities,
    ROUND(COALESCE(SUM(distance_m), 0), 3) AS distance_m,
    COALESCE(SUM(moving_time_s), 0) AS moving_time_s,
    ROUND(COALESCE(SUM(elevation_gain_m), 0), 3) AS elevation_gain_m,
    MIN(local_date) AS first_used_on,
    MAX(local_date) AS last_used_on
  FROM
    activities
  GROUP BY
    athlete_id,
    gear_id
)
SELECT
  COALESCE(used.athlete_id, gear.athlete_id) AS athlete_id,
  COALESCE(used.gear_id, gear.gear_id) AS gear_id,
  gear.name,
  gear.brand_name,
  gear.model_name,
  gear.retired,
  COALESCE(used.activities, 0) AS activities,
  COALESCE(used.distance_m, 0) AS distance_m,
  COALESCE(used.distance_m, 0) / 1000 AS distance_km,
  COALESCE(used.distance_m, 0) / 1609.344 AS distance_mi,
  gear.distance_m / 1000 AS strava_distance_km,
  gear.distance_m / 1609.344 AS strava_distance_mi,
  COALESCE(used.moving_time_s, 0) AS moving_time_s,
  COALESCE(used.elevation_gain_m, 0) AS elevation_gain_m,
  COALESCE(used.elevation_gain_m, 0) / 0.3048 AS elevation_gain_ft,
  used.first_used_on,
  used.last_used_on
FROM
  used
FULL JOIN
  gear
ON
  used.athlete_id = gear.athlete_id
  AND used.gear_id = gear.gear_id
