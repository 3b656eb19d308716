WITH days AS (
  SELECT
    athlete_id,
    local_date
  FROM
    touched.days
),
activities AS (
  -- Before or after it is rebuilt: what is read of it is before all touched days.
  SELECT
    athlete_id,
    local_date
  FROM
    silver.activities
),
first_days AS (
  SELECT
    athlete_id,
    MIN(local_date) AS local_date
  FROM
    days
  GROUP BY
    athlete_id
),
last_days_before AS (
  SELECT
    first_days.athlete_id,
    MAX(activities.local_date) AS local_date
  FROM
    first_days
  INNER JOIN
    activities
  ON
    first_days.athlete_id = activities.athlete_id
    AND activities.local_date < first_days.local_date
  GROUP BY
    first_days.athlete_id
)
SELECT
  first_days.athlete_id,
  -- The days in between are empty, and may no longer be there when the last activity goes.
  COALESCE(
    CAST(DATE_ADD(last_days_before.local_date, INTERVAL 1 DAY) AS DATE),
    first_days.local_date
  ) AS from_date
FROM
  first_days
LEFT JOIN
  last_days_before
ON
  first_days.athlete_id = last_days_before.athlete_id
