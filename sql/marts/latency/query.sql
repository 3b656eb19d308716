WITH latency AS (
  SELECT
    CAST(received_at AS DATE) AS day,
    to_built_s
  FROM
    ops.latency
  WHERE
    received_at IS NOT NULL
),
ranked AS (
  SELECT
    day,
    to_built_s,
    ROW_NUMBER() OVER (PARTITION BY day ORDER BY to_built_s IS NULL, to_built_s) AS place,
    COUNT(to_built_s) OVER (PARTITION BY day) AS built
  FROM
    latency
)
SELECT
  day,
  COUNT(*) AS versions,
  COUNT(to_built_s) AS built,
  -- A rank, not a value in between: every engine finds the same.
  MIN(IF(place * 100 >= built * 50, to_built_s, NULL)) AS p50_s,
  MIN(IF(place * 100 >= built * 95, to_built_s, NULL)) AS p95_s,
  MAX(to_built_s) AS max_s
FROM
  ranked
GROUP BY
  day
