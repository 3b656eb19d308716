-- check: fresh: a newer version has landed than the row shows
SELECT 1
FROM silver.activities AS built
INNER JOIN landing.activities AS landed
ON
  built.athlete_id = landed.athlete_id
  AND built.activity_id = landed.activity_id
WHERE
  landed.version > built.version

-- warn: splits_add_up: the kilometre splits do not add up to the distance within 0.1 % (or 1 m)
-- A corrected distance of a treadmill, or a crop, may rightly do so.
SELECT 1
FROM (
  SELECT
    activities.distance_m,
    (SELECT SUM(split.distance_m) FROM UNNEST(activities.splits_metric) AS split) AS splits_m
  FROM
    silver.activities AS activities
) AS added
WHERE
  ABS(added.splits_m - added.distance_m) > GREATEST(1.0, 0.001 * added.distance_m)

-- warn: wall_clock_agrees: the local start is not the start plus the offset to UTC
-- A hidden start says 00:00:01, which is no time of day.
SELECT 1
FROM silver.activities AS activities
WHERE
  UNIX_SECONDS(CAST(activities.started_local AS TIMESTAMP))
  != UNIX_SECONDS(activities.started_at) + activities.utc_offset_s
  AND NOT (
    EXTRACT(HOUR FROM activities.started_local) = 0
    AND EXTRACT(MINUTE FROM activities.started_local) = 0
    AND EXTRACT(SECOND FROM activities.started_local) = 1
  )

-- warn: moved_for_longer: Strava said that it moved for longer than it took
SELECT 1
FROM silver.activities AS activities
WHERE
  activities.moving_time_clamped
