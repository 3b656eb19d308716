WITH days AS (
  SELECT
    *
  FROM
    silver.sport_days
),
units AS (
  SELECT
    length.unit,
    length.metres
  FROM
    UNNEST([STRUCT('km' AS unit, 1000.0 AS metres), STRUCT('mi', 1609.344)]) AS length
),
ranked AS (
  SELECT
    days.athlete_id,
    days.sport_group,
    units.unit,
    units.metres,
    days.distance_m,
    ROW_NUMBER() OVER (
      PARTITION BY days.athlete_id, days.sport_group, units.unit
      ORDER BY days.distance_m DESC
    ) AS place
  FROM
    days
  CROSS JOIN
    units
  WHERE
    days.distance_m > 0
),
numbers AS (
  -- Days are known to the millimetre, and so is what they are compared with.
  SELECT
    athlete_id,
    sport_group,
    unit,
    COALESCE(MAX(IF(distance_m >= ROUND(place * metres, 3), place, NULL)), 0) AS eddington
  FROM
    ranked
  GROUP BY
    athlete_id,
    sport_group,
    unit
)
SELECT
  numbers.athlete_id,
  numbers.sport_group,
  numbers.unit,
  numbers.eddington,
  numbers.eddington + 1 AS next_distance,
  numbers.eddington + 1 - COUNTIF(
    ranked.distance_m >= ROUND((numbers.eddington + 1) * ranked.metres, 3)
  ) AS days_to_next
FROM
  numbers
INNER JOIN
  ranked
ON
  numbers.athlete_id = ranked.athlete_id
  AND numbers.sport_group = ranked.sport_group
  AND numbers.unit = ranked.unit
GROUP BY
  numbers.athlete_id,
  numbers.sport_group,
  numbers.unit,
  numbers.eddington
