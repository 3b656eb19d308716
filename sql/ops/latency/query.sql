WITH landed AS (
  SELECT
    athlete_id,
    activity_id,
    version,
    reason,
    trace,
    received_at,
    ingested_at
  FROM
    landing.activities
),
runs AS (
  SELECT
    started_at,
    finished_at,
    blocked_tables
  FROM
    ops.script_runs
),
first_landed AS (
  -- What lands again is a redelivery, a replay or a rebuild.
  SELECT
    *
  FROM
    landed
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, activity_id, version
      ORDER BY ingested_at, received_at, trace
    ) = 1
),
moments AS (
  -- Landings and runs in one line, as BigQuery does not join by "at or after".
  SELECT
    ingested_at AS moment,
    athlete_id,
    activity_id,
    version,
    trace,
    received_at,
    NULL AS finished_at
  FROM
    first_landed
  WHERE
    reason = 'webhook'
  UNION ALL
  SELECT
    started_at,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    finished_at
  FROM
    runs
  WHERE
    blocked_tables = 0
),
built AS (
  SELECT
    *,
    MIN(finished_at) OVER (
      ORDER BY moment DESC
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS built_at
  FROM
    moments
)
SELECT
  athlete_id,
  activity_id,
  version,
  trace,
  received_at,
  TIMESTAMP_MICROS(version) AS fetched_at,
  moment AS loaded_at,
  built_at,
  (version - UNIX_MICROS(received_at)) / 1000000 AS to_fetched_s,
  (UNIX_MICROS(moment) - UNIX_MICROS(received_at)) / 1000000 AS to_loaded_s,
  (UNIX_MICROS(built_at) - UNIX_MICROS(received_at)) / 1000000 AS to_built_s
FROM
  built
WHERE
  activity_id IS NOT NULL
