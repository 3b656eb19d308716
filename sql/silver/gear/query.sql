WITH landed AS (
  SELECT
    *
  FROM
    landing.gear
)
SELECT
  athlete_id,
  gear_id,
  version,
  bronze_uri,
  trace,
  name,
  nickname,
  brand_name,
  model_name,
  is_primary,
  retired,
  distance_m
FROM
  landed
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY athlete_id, gear_id
    ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
  ) = 1
