WITH days AS (
  SELECT
    athlete_id,
    local_date
  FROM
    touched.days
)
SELECT DISTINCT
  athlete_id,
  EXTRACT(YEAR FROM local_date) AS year
FROM
  days
