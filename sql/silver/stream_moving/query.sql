SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  moving AS value
FROM
  silver.points
WHERE
  moving IS NOT NULL
