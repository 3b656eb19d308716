WITH activities AS (
  SELECT
    *
  FROM
    silver.activities
),
metrics AS (
  SELECT
    *
  FROM
    silver.metrics
),
sports AS (
  SELECT
    sport_type,
    sport_group
  FROM
    silver.sports
),
settings AS (
  SELECT
    athlete_id,
    name,
    value,
    valid_from,
    COALESCE(valid_until, DATE '9999-12-31') AS valid_until
  FROM
    silver.settings
),
settings_of_the_day AS (
  SELECT
    activities.athlete_id,
    activities.activity_id,
    MAX(IF(settings.name = 'ftp_w' AND settings.value > 0, settings.value, NULL)) AS ftp_w,
    MAX(
      IF(settings.name = 'threshold_hr_bpm' AND settings.value > 0, settings.value, NULL)
    ) AS threshold_hr_bpm,
    MAX(IF(settings.name = 'heart_rate_zone_2_min', settings.value, NULL)) AS zone_2,
    MAX(IF(settings.name = 'heart_rate_zone_3_min', settings.value, NULL)) AS zone_3,
    MAX(IF(settings.name = 'heart_rate_zone_4_min', settings.value, NULL)) AS zone_4,
    MAX(IF(settings.name = 'heart_rate_zone_5_min', settings.value, NULL)) AS zone_5
  FROM
    activities
  INNER JOIN
    settings
  ON
    activities.athlete_id = settings.athlete_id
    AND activities.local_date >= settings.valid_from
    AND activities.local_date < settings.valid_until
  GROUP BY
    activities.athlete_id,
    activities.activity_id
),
zone_sets AS (
  -- Edges in hundredths of a beat or watt: 55 % of 200 W as a product is not 110 W. The athlete's
  -- own zones count when they are complete and rise.
  SELECT
    athlete_id,
    activity_id,
    'heart_rate' AS kind,
    'zones' AS zones_source,
    [
      STRUCT(1 AS zone, 0.0 AS edge),
      (2, 100 * zone_2),
      (3, 100 * zone_3),
      (4, 100 * zone_4),
      (5, 100 * zone_5)
    ] AS zones
  FROM
    settings_of_the_day
  WHERE
    0 < zone_2
    AND zone_2 < zone_3
    AND zone_3 < zone_4
    AND zone_4 < zone_5
  UNION ALL
  SELECT
    athlete_id,
    activity_id,
    'heart_rate',
    'threshold_hr_bpm',
    [
      STRUCT(1 AS zone, 0.0 AS edge),
      (2, 68 * threshold_hr_bpm),
      (3, 83 * threshold_hr_bpm),
      (4, 94 * threshold_hr_bpm),
      (5, 105 * threshold_hr_bpm)
    ]
  FROM
    settings_of_the_day
  WHERE
    threshold_hr_bpm IS NOT NULL
    AND NOT COALESCE(0 < zone_2 AND zone_2 < zone_3 AND zone_3 < zone_4 AND zone_4 < zone_5, FALSE)
  UNION ALL
  SELECT
    athlete_id,
    activity_id,
    'power',
    'ftp_w',
    [
      STRUCT(1 AS zone, 0.0 AS edge),
      (2, 55 * ftp_w),
      (3, 75 * ftp_w),
      (4, 90 * ftp_w),
      (5, 105 * ftp_w),
      (6, 120 * ftp_w),
      (7, 150 * ftp_w)
    ]
  FROM
    settings_of_the_day
  WHERE
    ftp_w IS NOT NULL
),
zones AS (
  SELECT
    zone_sets.athlete_id,
    zone_sets.activity_id,
    zone_sets.kind,
    zone_sets.zones_source,
    zone.zone,
    zone.edge,
    LEAD(zone.edge) OVER (
      PARTITION BY zone_sets.athlete_id, zone_sets.activity_id, zone_sets.kind
      ORDER BY zone.zone
    ) AS next_edge
  FROM
    zone_sets
  CROSS JOIN
    UNNEST(zone_sets.zones) AS zone
),
described AS (
  SELECT
    activities.athlete_id,
    activities.activity_id,
    activities.local_date,
    activities.sport_type,
    COALESCE(sports.sport_group, 'other') AS sport_group,
    COALESCE(
      activities.device_watts AND sports.sport_group IN ('ride', 'ebike'),
      FALSE
    ) AS has_ride_power,
    COALESCE(activities.heartrate_opt_out, FALSE) AS hides_heartrate
  FROM
    activities
  LEFT JOIN
    sports
  ON
    activities.sport_type = sports.sport_type
),
measured AS (
  SELECT
    metrics.athlete_id,
    metrics.activity_id,
    'heart_rate' AS kind,
    metrics.heartrate_histogram AS histogram
  FROM
    metrics
  UNION ALL
  SELECT
    metrics.athlete_id,
    metrics.activity_id,
    'power',
    metrics.power_histogram
  FROM
    metrics
),
seconds_by_value AS (
  SELECT
    measured.athlete_id,
    measured.activity_id,
    measured.kind,
    bar.value,
    bar.seconds
  FROM
    measured
  CROSS JOIN
    UNNEST(measured.histogram) AS bar
),
placed AS (
  SELECT
    zones.athlete_id,
    zones.activity_id,
    zones.kind,
    zones.zone,
    SUM(seconds_by_value.seconds) AS seconds
  FROM
    zones
  INNER JOIN
    seconds_by_value
  ON
    zones.athlete_id = seconds_by_value.athlete_id
    AND zones.activity_id = seconds_by_value.activity_id
    AND zones.kind = seconds_by_value.kind
    AND 100 * seconds_by_value.value >= zones.edge
    AND (zones.next_edge IS NULL OR 100 * seconds_by_value.value < zones.next_edge)
  GROUP BY
    zones.athlete_id,
    zones.activity_id,
    zones.kind,
    zones.zone
),
recorded AS (
  SELECT
    athlete_id,
    activity_id,
    kind,
    SUM(seconds) AS seconds
  FROM
    seconds_by_value
  GROUP BY
    athlete_id,
    activity_id,
    kind
)
SELECT
  zones.athlete_id,
  zones.activity_id,
  zones.kind,
  zones.zone,
  described.local_date,
  CAST(DATE_TRUNC(described.local_date, ISOWEEK) AS DATE) AS week_start,
  described.sport_type,
  described.sport_group,
  zones.edge / 100 AS zone_from,
  zones.next_edge / 100 AS zone_until,
  zones.zones_source,
  COALESCE(placed.seconds, 0) AS seconds,
  SAFE_DIVIDE(COALESCE(placed.seconds, 0), recorded.seconds) AS share
FROM
  zones
INNER JOIN
  recorded
ON
  zones.athlete_id = recorded.athlete_id
  AND zones.activity_id = recorded.activity_id
  AND zones.kind = recorded.kind
INNER JOIN
  described
ON
  zones.athlete_id = described.athlete_id
  AND zones.activity_id = described.activity_id
  AND IF(zones.kind = 'power', described.has_ride_power, NOT described.hides_heartrate)
LEFT JOIN
  placed
ON
  zones.athlete_id = placed.athlete_id
  AND zones.activity_id = placed.activity_id
  AND zones.kind = placed.kind
  AND zones.zone = placed.zone
