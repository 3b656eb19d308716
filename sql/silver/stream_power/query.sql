SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  power_w AS value
FROM
  silver.points
WHERE
  power_w IS NOT NULL
