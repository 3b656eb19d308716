WITH changed AS (
  SELECT
    athlete_id,
    activity_id
  FROM
    touched.activities
),
days AS (
  SELECT
    athlete_id,
    local_date
  FROM
    touched.days
),
activities AS (
  -- Before or after it is rebuilt: what changed is named above in either case.
  SELECT
    athlete_id,
    activity_id,
    local_date
  FROM
    silver.activities
),
keys AS (
  SELECT
    athlete_id,
    activity_id
  FROM
    changed
  UNION ALL
  SELECT
    activities.athlete_id,
    activities.activity_id
  FROM
    activities
  INNER JOIN
    days
  ON
    activities.athlete_id = days.athlete_id
    AND activities.local_date = days.local_date
)
SELECT DISTINCT
  athlete_id,
  activity_id
FROM
  keys
