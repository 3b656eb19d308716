SELECT
  athlete_id,
  activity_id,
  index,
  t AS time,
  heartrate_bpm AS value
FROM
  silver.points
WHERE
  heartrate_bpm IS NOT NULL
