WITH runs AS (
  SELECT
    *
  FROM
    ops.script_runs
),
watermarks AS (
  SELECT
    *
  FROM
    ops.watermarks
),
last_run AS (
  SELECT
    finished_at,
    blocked_tables
  FROM
    runs
  QUALIFY
    ROW_NUMBER() OVER (ORDER BY finished_at DESC) = 1
),
landed AS (
  SELECT
    MAX(ingested_at) AS landed_until
  FROM
    watermarks
  WHERE
    name = 'landing'
)
SELECT
  last_run.finished_at AS refreshed_at,
  landed.landed_until,
  last_run.blocked_tables
FROM
  landed
LEFT JOIN
  last_run
ON
  TRUE
