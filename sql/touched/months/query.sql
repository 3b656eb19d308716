WITH days AS (
  SELECT
    athlete_id,
    local_date
  FROM
    touched.days
)
SELECT DISTINCT
  athlete_id,
  EXTRACT(YEAR FROM local_date) AS year,
  EXTRACT(MONTH FROM local_date) AS month
FROM
  days
