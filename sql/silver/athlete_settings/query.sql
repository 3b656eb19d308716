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
  -- A version that landed twice is one version; the later reading of it wins. What has none of
  -- these is the profile as anyone sees it: it does not say that there is no weight.
  SELECT
    athlete_id,
    version,
    weight_kg,
    ftp_w
  FROM
    landed_profiles
  WHERE
    COALESCE(measurement_preference, CAST(weight_kg AS STRING), CAST(ftp_w AS STRING)) IS NOT NULL
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, version
      ORDER BY bronze_uri DESC, ingested_at DESC
    ) = 1
),
zones AS (
  SELECT
    athlete_id,
    version,
    heart_rate_zones,
    power_zones
  FROM
    landed_zones
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, version
      ORDER BY bronze_uri DESC, ingested_at DESC
    ) = 1
),
answers AS (
  SELECT
    athlete_id,
    version,
    version AS profile_version,
    NULL AS zones_version
  FROM
    profiles
  UNION ALL
  SELECT
    athlete_id,
    version,
    NULL,
    version
  FROM
    zones
),
spaced AS (
  SELECT
    athlete_id,
    version,
    profile_version,
    zones_version,
    version - LAG(version) OVER (PARTITION BY athlete_id ORDER BY version) AS waited_us
  FROM
    answers
),
numbered AS (
  -- One reading asks for the profile, then for the zones: a minute apart is another reading.
  SELECT
    athlete_id,
    version,
    profile_version,
    zones_version,
    COUNTIF(waited_us >= 60000000) OVER (PARTITION BY athlete_id ORDER BY version) AS reading
  FROM
    spaced
),
readings AS (
  SELECT
    athlete_id,
    reading,
    MIN(version) AS version,
    MAX(profile_version) AS profile_version,
    MAX(zones_version) AS zones_version
  FROM
    numbered
  GROUP BY
    athlete_id,
    reading
),
known AS (
  -- What a reading did not answer is as it was said last.
  SELECT
    athlete_id,
    version,
    MAX(profile_version) OVER (PARTITION BY athlete_id ORDER BY version) AS profile_version,
    MAX(zones_version) OVER (PARTITION BY athlete_id ORDER BY version) AS zones_version
  FROM
    readings
),
settings AS (
  SELECT
    known.athlete_id,
    known.version,
    profiles.weight_kg,
    profiles.ftp_w,
    zones.heart_rate_zones,
    zones.power_zones,
    -- Arrays cannot be compared, their text can; an empty one and none are the same.
    CONCAT(
      COALESCE(CAST(profiles.weight_kg AS STRING), ''),
      '|',
      COALESCE(CAST(profiles.ftp_w AS STRING), ''),
      '|',
      IF(ARRAY_LENGTH(zones.heart_rate_zones) > 0, TO_JSON_STRING(zones.heart_rate_zones), ''),
      '|',
      IF(ARRAY_LENGTH(zones.power_zones) > 0, TO_JSON_STRING(zones.power_zones), '')
    ) AS said
  FROM
    known
  LEFT JOIN
    profiles
  ON
    known.athlete_id = profiles.athlete_id
    AND known.profile_version = profiles.version
  LEFT JOIN
    zones
  ON
    known.athlete_id = zones.athlete_id
    AND known.zones_version = zones.version
),
changes AS (
  SELECT
    *
  FROM
    settings
  QUALIFY
    said IS DISTINCT FROM LAG(said) OVER (PARTITION BY athlete_id ORDER BY version)
)
SELECT
  athlete_id,
  TIMESTAMP_MICROS(version) AS valid_from,
  TIMESTAMP_MICROS(
    LEAD(version) OVER (PARTITION BY athlete_id ORDER BY version)
  ) AS valid_until,
  weight_kg,
  ftp_w,
  heart_rate_zones,
  power_zones,
  'strava' AS source
FROM
  changes
