WITH failed AS (
  SELECT
    *
  FROM
    ops.failed_events
),
known AS (
  SELECT
    failed_at AS moment
  FROM
    ops.failed_events
  UNION ALL
  SELECT
    finished_at
  FROM
    ops.script_runs
),
newest AS (
  -- Not the clock: the same rows give the same answer, whenever and wherever they are asked.
  SELECT
    MAX(moment) AS as_of
  FROM
    known
),
recent AS (
  SELECT
    failed.stage,
    failed.error_type,
    failed.payload_uri,
    failed.failed_at,
    newest.as_of
  FROM
    failed
  INNER JOIN
    newest
  ON
    failed.failed_at > TIMESTAMP_SUB(newest.as_of, INTERVAL 24 HOUR)
)
SELECT
  stage,
  error_type,
  COUNT(*) OVER (PARTITION BY stage, error_type) AS failures,
  MAX(failed_at) OVER (PARTITION BY stage, error_type) AS last_failed_at,
  payload_uri,
  as_of
FROM
  recent
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY stage, error_type
    ORDER BY payload_uri IS NULL, failed_at DESC, payload_uri DESC
  ) = 1
