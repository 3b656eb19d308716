SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  temp_c AS value
FROM
  silver.points
WHERE
  temp_c IS NOT NULL
