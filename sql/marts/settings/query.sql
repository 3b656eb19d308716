WITH settings AS (
  SELECT
    *
  FROM
    silver.settings
)
SELECT
  athlete_id,
  name,
  value,
  valid_from,
  valid_until,
  source,
  version,
  bronze_uri
FROM
  settings
