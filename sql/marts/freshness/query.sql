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
    MAX(finished_at) AS refreshed_at,
    MAX_BY(blocked_tables, finished_at) AS blocked_tables
  FROM
    runs
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
  last_run.refreshed_at,
  landed.landed_until,
  last_run.blocked_tables
FROM
  last_run
CROSS JOIN
  landed
