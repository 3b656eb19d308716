WITH activities AS (
  SELECT
    *
  FROM
    silver.activities
),
grouped AS (
  SELECT
    *
  FROM
    silver.grouped_activities
),
routes AS (
  SELECT
    activities.athlete_id,
    activities.activity_id,
    activities.name,
    activities.sport_type,
    grouped.sport_group,
    grouped.indoor,
    activities.local_date,
    grouped.year,
    activities.distance_m,
    ROUND(activities.start_lat, 3) AS start_lat,
    ROUND(activities.start_lng, 3) AS start_lng,
    ROUND(activities.end_lat, 3) AS end_lat,
    ROUND(activities.end_lng, 3) AS end_lng,
    activities.summary_polyline AS polyline
  FROM
    activities
  INNER JOIN
    grouped
  ON
    activities.athlete_id = grouped.athlete_id
    AND activities.activity_id = grouped.activity_id
  WHERE
    NOT grouped.private
    AND activities.summary_polyline != ''
),
characters AS (
  -- Google's encoding: each character holds five bits of a number, and says whether more follow.
  -- What is not in that encoding gives no line, but stops nothing: hence the limits.
  SELECT
    routes.athlete_id,
    routes.activity_id,
    place,
    GREATEST(UNICODE(SUBSTR(routes.polyline, place, 1)) - 63, 0) AS bits
  FROM
    routes
  CROSS JOIN
    UNNEST(GENERATE_ARRAY(1, LENGTH(routes.polyline))) AS place
),
numbered AS (
  SELECT
    athlete_id,
    activity_id,
    place,
    MOD(bits, 32) AS digit,
    COUNTIF(bits < 32) OVER (
      PARTITION BY athlete_id, activity_id
      ORDER BY place
    ) - IF(bits < 32, 1, 0) AS number
  FROM
    characters
),
digits AS (
  SELECT
    athlete_id,
    activity_id,
    number,
    digit << (
      5 * LEAST(6, place - MIN(place) OVER (PARTITION BY athlete_id, activity_id, number))
    ) AS part
  FROM
    numbered
),
numbers AS (
  -- Odd ones are negative.
  SELECT
    athlete_id,
    activity_id,
    DIV(number, 2) AS index,
    MOD(number, 2) = 0 AS is_lat,
    IF(MOD(SUM(part), 2) = 0, DIV(SUM(part), 2), -DIV((SUM(part) + 1), 2)) AS step
  FROM
    digits
  GROUP BY
    athlete_id,
    activity_id,
    number
),
places AS (
  -- Each number is a step from the one before, in hundred-thousandths of a degree.
  SELECT
    athlete_id,
    activity_id,
    index,
    is_lat,
    SUM(step) OVER (PARTITION BY athlete_id, activity_id, is_lat ORDER BY index) AS degrees_e5
  FROM
    numbers
),
written AS (
  SELECT
    athlete_id,
    activity_id,
    index,
    is_lat,
    ABS(degrees_e5) > IF(is_lat, 9000000, 18000000) AS is_nowhere,
    CONCAT(
      IF(degrees_e5 < 0, '-', ''),
      CAST(DIV(ABS(degrees_e5), 100000) AS STRING),
      '.',
      LPAD(CAST(MOD(ABS(degrees_e5), 100000) AS STRING), 5, '0')
    ) AS degrees
  FROM
    places
),
points AS (
  SELECT
    athlete_id,
    activity_id,
    index,
    COUNTIF(is_nowhere) AS nowhere,
    CONCAT(MAX(IF(is_lat, NULL, degrees)), ' ', MAX(IF(is_lat, degrees, NULL))) AS point
  FROM
    written
  GROUP BY
    athlete_id,
    activity_id,
    index
),
turns AS (
  -- No engine takes a line that stands still.
  SELECT
    *
  FROM
    points
  QUALIFY
    point IS DISTINCT FROM LAG(point) OVER (PARTITION BY athlete_id, activity_id ORDER BY index)
),
lines AS (
  SELECT
    athlete_id,
    activity_id,
    CONCAT('LINESTRING(', STRING_AGG(point, ', ' ORDER BY index), ')') AS line_wkt
  FROM
    turns
  GROUP BY
    athlete_id,
    activity_id
  HAVING
    COUNT(point) > 1
    AND SUM(nowhere) = 0
)
SELECT
  routes.athlete_id,
  routes.activity_id,
  routes.name,
  routes.sport_type,
  routes.sport_group,
  routes.indoor,
  routes.local_date,
  routes.year,
  routes.distance_m / 1000 AS distance_km,
  routes.distance_m / 1609.344 AS distance_mi,
  routes.start_lat,
  routes.start_lng,
  routes.end_lat,
  routes.end_lng,
  routes.polyline,
  lines.line_wkt
FROM
  routes
LEFT JOIN
  lines
ON
  routes.athlete_id = lines.athlete_id
  AND routes.activity_id = lines.activity_id
