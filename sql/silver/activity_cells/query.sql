WITH streams AS (
  SELECT
    *
  FROM
    silver.streams
),
activities AS (
  SELECT
    *
  FROM
    silver.grouped_activities
),
hidden AS (
  -- How much of both ends is not shown. Change it here: the next run builds everything anew.
  SELECT
    200 AS ends_m
),
points AS (
  SELECT
    streams.athlete_id,
    streams.activity_id,
    point.lat,
    point.lng,
    point.distance_m
  FROM
    streams
  CROSS JOIN
    UNNEST(streams.points) AS point
),
lengths AS (
  SELECT
    athlete_id,
    activity_id,
    MAX(distance_m) AS distance_m
  FROM
    points
  GROUP BY
    athlete_id,
    activity_id
)
SELECT DISTINCT
  points.athlete_id,
  points.activity_id,
  activities.sport_group,
  CAST(FLOOR(points.lat * 1000) AS INT64) AS lat_cell,
  CAST(FLOOR(points.lng * 1000) AS INT64) AS lng_cell
FROM
  points
INNER JOIN
  lengths
ON
  points.athlete_id = lengths.athlete_id
  AND points.activity_id = lengths.activity_id
INNER JOIN
  activities
ON
  points.athlete_id = activities.athlete_id
  AND points.activity_id = activities.activity_id
CROSS JOIN
  hidden
WHERE
  NOT activities.private
  AND NOT activities.indoor
  AND points.lat IS NOT NULL
  AND points.lng IS NOT NULL
  AND points.distance_m >= hidden.ends_m
  AND points.distance_m <= lengths.distance_m - hidden.ends_m
