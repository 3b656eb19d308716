SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  altitude_m AS value
FROM
  silver.points
WHERE
  altitude_m IS NOT NULL
