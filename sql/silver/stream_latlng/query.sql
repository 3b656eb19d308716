SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  lat,
  lng
FROM
  silver.points
WHERE
  lat IS NOT NULL
