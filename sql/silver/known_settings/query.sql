WITH landed AS (
  SELECT
    *
  FROM
    landing.settings
),
landed_profiles AS (
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
landed_activities AS (
  SELECT
    *
  FROM
    landing.activities
),
newest_activities AS (
  -- What is gone says nothing: landing keeps its older rows for some hours only.
  SELECT
    *
  FROM
    landed_activities
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, activity_id
      ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
    ) = 1
),
newest AS (
  -- A version that landed twice is one version; the later reading of it wins.
  SELECT
    *
  FROM
    landed
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, name, valid_from
      ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
    ) = 1
),
by_hand AS (
  SELECT
    athlete_id,
    name,
    value,
    valid_from AS day,
    'athlete' AS source,
    version,
    bronze_uri
  FROM
    newest
  WHERE
    op = 'upsert'
),
profiles AS (
  -- What has none of these is the profile as anyone sees it: it does not say that there is no
  -- weight. Nothing set is 0 at times.
  SELECT
    athlete_id,
    NULLIF(weight_kg, 0) AS weight_kg,
    CAST(NULLIF(ftp_w, 0) AS FLOAT64) AS ftp_w,
    CASE sex WHEN 'M' THEN 1.0 WHEN 'F' THEN 2.0 END AS sex,
    version,
    ingested_at,
    bronze_uri
  FROM
    landed_profiles
  WHERE
    COALESCE(measurement_preference, CAST(weight_kg AS STRING), CAST(ftp_w AS STRING)) IS NOT NULL
),
zones AS (
  SELECT
    athlete_id,
    heart_rate_zones,
    version,
    ingested_at,
    bronze_uri
  FROM
    landed_zones
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, version
      ORDER BY bronze_uri DESC, ingested_at DESC
    ) = 1
),
edges AS (
  SELECT
    zones.athlete_id,
    CAST(zone.low AS FLOAT64) AS low,
    ROW_NUMBER() OVER (PARTITION BY zones.athlete_id, zones.version ORDER BY zone.low) AS place,
    zones.version,
    zones.ingested_at,
    zones.bronze_uri
  FROM
    zones
  CROSS JOIN
    UNNEST(zones.heart_rate_zones) AS zone
  WHERE
    zone.low IS NOT NULL
),
readings AS (
  SELECT
    athlete_id,
    'weight_kg' AS name,
    weight_kg AS value,
    version,
    ingested_at,
    bronze_uri
  FROM
    profiles
  UNION ALL
  SELECT
    athlete_id,
    'ftp_w',
    ftp_w,
    version,
    ingested_at,
    bronze_uri
  FROM
    profiles
  UNION ALL
  SELECT
    athlete_id,
    'sex',
    sex,
    version,
    ingested_at,
    bronze_uri
  FROM
    profiles
  UNION ALL
  SELECT
    athlete_id,
    CONCAT('heart_rate_zone_', CAST(place AS STRING), '_min'),
    low,
    version,
    ingested_at,
    bronze_uri
  FROM
    edges
),
moments AS (
  SELECT
    athlete_id,
    UNIX_MICROS(started_at) AS at_us,
    MAX(utc_offset_s) AS utc_offset_s,
    FALSE AS is_reading
  FROM
    newest_activities
  WHERE
    utc_offset_s IS NOT NULL
  GROUP BY
    athlete_id,
    started_at
  UNION ALL
  SELECT DISTINCT
    athlete_id,
    version,
    CAST(NULL AS INT64),
    TRUE
  FROM
    readings
),
clocks AS (
  -- Strava tells no zone of an athlete: the wall clock of the last activity before, else UTC.
  SELECT
    athlete_id,
    at_us,
    is_reading,
    LAST_VALUE(utc_offset_s IGNORE NULLS) OVER (
      PARTITION BY athlete_id
      ORDER BY at_us
    ) AS utc_offset_s
  FROM
    moments
),
dated_readings AS (
  SELECT
    readings.*,
    CAST(
      TIMESTAMP_MICROS(readings.version + 1000000 * COALESCE(clocks.utc_offset_s, 0)) AS DATE
    ) AS day
  FROM
    readings
  INNER JOIN
    clocks
  ON
    readings.athlete_id = clocks.athlete_id
    AND readings.version = clocks.at_us
    AND clocks.is_reading
),
read_on_days AS (
  -- A day of the athlete has what was read last on it.
  SELECT
    athlete_id,
    name,
    value,
    day,
    'strava' AS source,
    version,
    bronze_uri
  FROM
    dated_readings
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, name, day
      ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
    ) = 1
),
first_by_hand AS (
  SELECT
    athlete_id,
    name,
    MIN(day) AS day
  FROM
    by_hand
  GROUP BY
    athlete_id,
    name
),
said AS (
  -- From the first day that is given by hand, Strava is not asked any more.
  SELECT
    *
  FROM
    by_hand
  UNION ALL
  SELECT
    read_on_days.*
  FROM
    read_on_days
  LEFT JOIN
    first_by_hand
  ON
    read_on_days.athlete_id = first_by_hand.athlete_id
    AND read_on_days.name = first_by_hand.name
  WHERE
    first_by_hand.day IS NULL
    OR read_on_days.day < first_by_hand.day
),
changes AS (
  -- Said again is no change; nothing, said first, is nothing to change from.
  SELECT
    *
  FROM
    said
  QUALIFY
    value IS DISTINCT FROM LAG(value) OVER (PARTITION BY athlete_id, name ORDER BY day)
    OR (
      value IS NOT NULL
      AND source != LAG(source) OVER (PARTITION BY athlete_id, name ORDER BY day)
    )
),
dated AS (
  SELECT
    athlete_id,
    name,
    value,
    IF(
      ROW_NUMBER() OVER (PARTITION BY athlete_id, name ORDER BY day) = 1,
      DATE '1900-01-01',
      day
    ) AS valid_from,
    LEAD(day) OVER (PARTITION BY athlete_id, name ORDER BY day) AS valid_until,
    source,
    version,
    bronze_uri
  FROM
    changes
),
told AS (
  SELECT
    *
  FROM
    dated
  WHERE
    value IS NOT NULL
),
athletes AS (
  SELECT DISTINCT
    athlete_id
  FROM
    told
),
resting AS (
  SELECT
    athlete_id,
    value,
    valid_from,
    COALESCE(valid_until, DATE '9999-12-31') AS valid_until
  FROM
    told
  WHERE
    name = 'rest_hr_bpm'
  UNION ALL
  SELECT
    athletes.athlete_id,
    50.0,
    DATE '1900-01-01',
    DATE '9999-12-31'
  FROM
    athletes
  LEFT JOIN
    told
  ON
    athletes.athlete_id = told.athlete_id
    AND told.name = 'rest_hr_bpm'
  WHERE
    told.athlete_id IS NULL
),
greatest AS (
  SELECT
    athlete_id,
    value,
    valid_from,
    COALESCE(valid_until, DATE '9999-12-31') AS valid_until
  FROM
    told
  WHERE
    name = 'max_hr_bpm'
),
reserves AS (
  SELECT
    resting.athlete_id,
    resting.value + 0.85 * (greatest.value - resting.value) AS threshold,
    GREATEST(resting.valid_from, greatest.valid_from) AS valid_from,
    LEAST(resting.valid_until, greatest.valid_until) AS valid_until
  FROM
    resting
  INNER JOIN
    greatest
  ON
    resting.athlete_id = greatest.athlete_id
    AND resting.valid_from < greatest.valid_until
    AND greatest.valid_from < resting.valid_until
),
defaults AS (
  -- Nothing is invented but a resting heart rate, and the threshold that follows from it.
  SELECT
    athlete_id,
    'rest_hr_bpm' AS name,
    value,
    valid_from,
    valid_until
  FROM
    resting
  UNION ALL
  SELECT
    athlete_id,
    'threshold_hr_bpm',
    threshold,
    valid_from,
    valid_until
  FROM
    reserves
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
  told
UNION ALL
SELECT
  defaults.athlete_id,
  defaults.name,
  defaults.value,
  defaults.valid_from,
  NULLIF(defaults.valid_until, DATE '9999-12-31'),
  'default',
  NULL,
  NULL
FROM
  defaults
LEFT JOIN
  told
ON
  defaults.athlete_id = told.athlete_id
  AND defaults.name = told.name
WHERE
  told.athlete_id IS NULL
