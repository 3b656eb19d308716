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
races AS (
  -- Strava's code of a race: 1 for runs, 11 for rides. What counts in a race is the clock, which
  -- does not stop; bad uploads have moved for longer than they took.
  SELECT
    athlete_id,
    activity_id,
    SAFE_DIVIDE(
      NULLIF(distance_m, 0),
      GREATEST(elapsed_time_s, COALESCE(moving_time_s, elapsed_time_s))
    ) AS speed_mps
  FROM
    silver.activities
  WHERE
    workout_type IN (1, 11)
),
steps AS (
  -- On foot Strava tells one leg's; from 120 on, some foot pods have counted both.
  SELECT
    athlete_id,
    activity_id,
    average_cadence_rpm,
    average_cadence_rpm >= 120 AS are_of_both_legs
  FROM
    silver.activities
  WHERE
    sport_type IN ('Run', 'TrailRun', 'VirtualRun', 'Walk', 'Hike')
    AND average_cadence_rpm > 0
),
recorded AS (
  SELECT
    athlete_id,
    activity_id
  FROM
    silver.streams
  WHERE
    chunk = 0
)
SELECT
  activities.athlete_id,
  activities.activity_id,
  activities.name,
  activities.sport_type,
  COALESCE(sports.sport_group, 'other') AS sport_group,
  races.activity_id IS NOT NULL AS race,
  activities.local_date,
  EXTRACT(YEAR FROM activities.local_date) AS year,
  EXTRACT(MONTH FROM activities.local_date) AS month,
  activities.started_at,
  activities.started_local,
  activities.distance_m,
  activities.distance_m / 1000 AS distance_km,
  activities.distance_m / 1609.344 AS distance_mi,
  activities.moving_time_s,
  activities.elapsed_time_s,
  -- Bad uploads have moved for longer than they took: nothing was stood in them.
  GREATEST(
    0.0,
    1 - SAFE_DIVIDE(activities.moving_time_s, activities.elapsed_time_s)
  ) AS stopped_share,
  activities.moving_time_s > activities.elapsed_time_s AS moves_longer_than_it_takes,
  activities.elevation_gain_m,
  activities.elevation_gain_m / 0.3048 AS elevation_gain_ft,
  3.6 * COALESCE(
    activities.average_speed_mps,
    SAFE_DIVIDE(activities.distance_m, activities.moving_time_s)
  ) AS average_speed_kmh,
  3.6 / 1.609344 * COALESCE(
    activities.average_speed_mps,
    SAFE_DIVIDE(activities.distance_m, activities.moving_time_s)
  ) AS average_speed_mph,
  SAFE_DIVIDE(1000 * NULLIF(activities.moving_time_s, 0), activities.distance_m) AS pace_s_per_km,
  SAFE_DIVIDE(
    1609.344 * NULLIF(activities.moving_time_s, 0),
    activities.distance_m
  ) AS pace_s_per_mi,
  IF(
    sports.sport_group = 'swim',
    SAFE_DIVIDE(100 * NULLIF(activities.moving_time_s, 0), activities.distance_m),
    NULL
  ) AS pace_s_per_100m,
  IF(
    sports.sport_group = 'swim',
    SAFE_DIVIDE(91.44 * NULLIF(activities.moving_time_s, 0), activities.distance_m),
    NULL
  ) AS pace_s_per_100yd,
  3.6 * races.speed_mps AS race_speed_kmh,
  3.6 / 1.609344 * races.speed_mps AS race_speed_mph,
  SAFE_DIVIDE(1000, races.speed_mps) AS race_pace_s_per_km,
  SAFE_DIVIDE(1609.344, races.speed_mps) AS race_pace_s_per_mi,
  COALESCE(
    activities.average_heartrate_bpm,
    metrics.average_heartrate_bpm
  ) AS average_heartrate_bpm,
  COALESCE(activities.max_heartrate_bpm, metrics.max_heartrate_bpm) AS max_heartrate_bpm,
  activities.average_cadence_rpm,
  IF(
    steps.are_of_both_legs,
    steps.average_cadence_rpm,
    2 * steps.average_cadence_rpm
  ) AS average_steps_per_min,
  steps.are_of_both_legs AS cadence_is_of_both_legs,
  COALESCE(activities.average_power_w, metrics.average_power_w) AS average_power_w,
  metrics.normalized_power_w,
  COALESCE(activities.device_watts, FALSE) AS power_is_measured,
  COALESCE(activities.work_kj, metrics.work_kj) AS work_kj,
  activities.calories_kcal,
  activities.gear_id,
  COALESCE(activities.private, FALSE)
  OR COALESCE(activities.visibility = 'only_me', FALSE) AS private,
  -- Before summaries were kept, everything was read in detail.
  COALESCE(activities.detailed, TRUE) AS detailed,
  recorded.activity_id IS NOT NULL AS has_streams,
  metrics.recorded_s,
  activities.version,
  activities.bronze_uri,
  metrics.version AS streams_version,
  metrics.bronze_uri AS streams_bronze_uri
FROM
  activities
LEFT JOIN
  metrics
ON
  activities.athlete_id = metrics.athlete_id
  AND activities.activity_id = metrics.activity_id
LEFT JOIN
  sports
ON
  activities.sport_type = sports.sport_type
LEFT JOIN
  races
ON
  activities.athlete_id = races.athlete_id
  AND activities.activity_id = races.activity_id
LEFT JOIN
  steps
ON
  activities.athlete_id = steps.athlete_id
  AND activities.activity_id = steps.activity_id
LEFT JOIN
  recorded
ON
  activities.athlete_id = recorded.athlete_id
  AND activities.activity_id = recorded.activity_id
