WITH known AS (
  SELECT
    *
  FROM
    silver.known_settings
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
  known
