SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  cadence_rpm AS value
FROM
  silver.points
WHERE
  cadence_rpm IS NOT NULL
