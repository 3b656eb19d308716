WITH failed AS (
  SELECT
    *
  FROM
    ops.failed_events
)
SELECT
  payload_uri,
  error_type,
  message,
  athlete_id,
  activity_id,
  failed_at
FROM
  failed
WHERE
  stage = 'load_silver'
  AND payload_uri IS NOT NULL
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY payload_uri ORDER BY failed_at DESC) = 1
