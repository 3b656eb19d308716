SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  grade_pct AS value
FROM
  silver.points
WHERE
  grade_pct IS NOT NULL
