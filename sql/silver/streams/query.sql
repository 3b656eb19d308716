WITH landed AS (
  SELECT
    *
  FROM
    landing.streams
),
newest AS (
  -- Without the points, and not from `landed`: what two read is kept in memory as a whole.
  SELECT
    athlete_id,
    activity_id,
    version,
    op,
    chunks
  FROM
    landing.streams
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, activity_id
      ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
    ) = 1
),
newest_chunks AS (
  SELECT
    landed.*
  FROM
    landed
  INNER JOIN
    newest
  ON
    landed.athlete_id = newest.athlete_id
    AND landed.activity_id = newest.activity_id
    AND landed.version = newest.version
    AND landed.op = newest.op
    AND landed.chunks = newest.chunks
  WHERE
    newest.op = 'upsert'
  QUALIFY
    -- A version that landed twice is one version; the later reading of a chunk wins.
    ROW_NUMBER() OVER (
      PARTITION BY landed.athlete_id, landed.activity_id, landed.chunk
      ORDER BY landed.bronze_uri DESC, landed.ingested_at DESC
    ) = 1
)
SELECT
  athlete_id,
  activity_id,
  version,
  source,
  bronze_uri,
  trace,
  chunk,
  chunks,
  points,
  resolution,
  original_size,
  series_type
FROM
  newest_chunks
