WITH days AS (
  SELECT
    athlete_id
  FROM
    touched.days
)
SELECT DISTINCT
  athlete_id
FROM
  days
