SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  t AS value
FROM
  silver.points
WHERE
  t IS NOT NULL
