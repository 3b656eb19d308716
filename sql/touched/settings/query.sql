WITH landed AS (
  SELECT
    athlete_id,
    ingested_at
  FROM
    landing.settings
  UNION ALL
  SELECT
    athlete_id,
    ingested_at
  FROM
    landing.athletes
  UNION ALL
  SELECT
    athlete_id,
    ingested_at
  FROM
    landing.zones
  UNION ALL
  -- It says on which day of the athlete something was read.
  SELECT
    athlete_id,
    ingested_at
  FROM
    landing.activities
),
watermark AS (
  -- No watermark yet means that everything is new.
  SELECT
    COALESCE(MAX(ingested_at), TIMESTAMP '1970-01-01 00:00:00+00') AS ingested_at
  FROM
    ops.watermarks
  WHERE
    name = 'landing'
)
SELECT DISTINCT
  landed.athlete_id
FROM
  landed
INNER JOIN
  watermark
ON
  landed.ingested_at > watermark.ingested_at
