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
shown AS (
  SELECT
    athlete_id,
    activity_id,
    sport_group
  FROM
    activities
  WHERE
    NOT private
    AND NOT indoor
),
points AS (
  SELECT
    streams.athlete_id,
    streams.activity_id,
    shown.sport_group,
    CAST(FLOOR(point.lat * 1000) AS INT64) AS lat_cell,
    CAST(FLOOR(point.lng * 1000) AS INT64) AS lng_cell,
    point.distance_m
  FROM
    streams
  INNER JOIN
    shown
  ON
    streams.athlete_id = shown.athlete_id
    AND streams.activity_id = shown.activity_id
  CROSS JOIN
    UNNEST(streams.points) AS point
),
cells AS (
  -- Points without a place are a cell too, here only: the length is known from them as well.
  SELECT
    points.athlete_id,
    points.activity_id,
    points.sport_group,
    points.lat_cell,
    points.lng_cell,
    MIN(IF(points.distance_m >= hidden.ends_m, points.distance_m, NULL)) AS from_m,
    MAX(points.distance_m) AS to_m
  FROM
    points
  CROSS JOIN
    hidden
  GROUP BY
    points.athlete_id,
    points.activity_id,
    points.sport_group,
    points.lat_cell,
    points.lng_cell
),
lengths AS (
  SELECT
    athlete_id,
    activity_id,
    MAX(to_m) AS distance_m
  FROM
    cells
  GROUP BY
    athlete_id,
    activity_id
)
SELECT
  cells.athlete_id,
  cells.activity_id,
  cells.sport_group,
  cells.lat_cell,
  cells.lng_cell
FROM
  cells
INNER JOIN
  lengths
ON
  cells.athlete_id = lengths.athlete_id
  AND cells.activity_id = lengths.activity_id
CROSS JOIN
  hidden
WHERE
  cells.lat_cell IS NOT NULL
  AND cells.lng_cell IS NOT NULL
  -- The first of its points after the hidden start is before the hidden end.
  AND cells.from_m <= lengths.distance_m - hidden.ends_m
