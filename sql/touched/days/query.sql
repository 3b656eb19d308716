WITH touched AS (
  SELECT
    athlete_id,
    activity_id
  FROM
    touched.activities
),
now_or_before AS (
  -- Landing has the days they move to, silver the days they leave: it is read before it is rebuilt.
  SELECT
    athlete_id,
    activity_id,
    local_date
  FROM
    landing.activities
  UNION ALL
  SELECT
    athlete_id,
    activity_id,
    local_date
  FROM
    silver.activities
),
days AS (
  SELECT
    now_or_before.athlete_id,
    now_or_before.local_date
  FROM
    now_or_before
  INNER JOIN
    touched
  ON
    now_or_before.athlete_id = touched.athlete_id
    AND now_or_before.activity_id = touched.activity_id
  WHERE
    now_or_before.local_date IS NOT NULL
  UNION ALL
  -- What a run that was stopped half way, or blocked, still had to rebuild.
  SELECT
    athlete_id,
    local_date
  FROM
    ops.unfinished_days
)
SELECT DISTINCT
  athlete_id,
  local_date
FROM
  days
