WITH landed_profiles AS (
  SELECT
    *
  FROM
    landing.athletes
),
landed_zones AS (
  SELECT
    *
  FROM
    landing.zones
),
profiles AS (
  -- A version that landed twice is one version; the later reading of it wins.
  SELECT
    *
  FROM
    landed_profiles
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id
      ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
    ) = 1
),
zones AS (
  SELECT
    *
  FROM
    landed_zones
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id
      ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
    ) = 1
)
SELECT
  profiles.athlete_id,
  profiles.version,
  profiles.bronze_uri,
  profiles.trace,
  profiles.sex,
  profiles.weight_kg,
  profiles.ftp_w,
  profiles.measurement_preference,
  profiles.premium,
  zones.version AS zones_version,
  zones.heart_rate_is_custom,
  zones.heart_rate_zones,
  zones.power_zones
FROM
  profiles
LEFT JOIN
  zones
ON
  profiles.athlete_id = zones.athlete_id
