WITH days AS (
  SELECT
    athlete_id,
    local_date
  FROM
    touched.days
)
SELECT DISTINCT
  athlete_id,
  CAST(DATE_TRUNC(local_date, ISOWEEK) AS DATE) AS week_start
FROM
  days
