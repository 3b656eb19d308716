SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  speed_mps AS value
FROM
  silver.points
WHERE
  speed_mps IS NOT NULL
