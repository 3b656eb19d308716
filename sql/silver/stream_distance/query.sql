SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  distance_m AS value
FROM
  silver.points
WHERE
  distance_m IS NOT NULL
