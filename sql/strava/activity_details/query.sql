SELECT
  activity_id AS id,
  athlete_id,
  raw_json AS json
FROM
  silver.activities
WHERE
  detailed
  AND raw_json IS NOT NULL
