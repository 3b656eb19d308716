WITH activities AS (
  SELECT
    *
  FROM
    silver.activities
),
sports AS (
  SELECT
    *
  FROM
    silver.sports
)
SELECT
  activities.athlete_id,
  activities.activity_id,
  activities.name,
  activities.sport_type,
  COALESCE(sports.sport_group, 'other') AS sport_group,
  COALESCE(sports.virtual, FALSE) OR COALESCE(activities.trainer, FALSE) AS indoor,
  COALESCE(activities.commute, FALSE) AS commute,
  COALESCE(activities.private, FALSE)
  OR COALESCE(activities.visibility = 'only_me', FALSE) AS private,
  COALESCE(activities.flagged, FALSE) AS flagged,
  -- Strava's code of a race: 1 for runs, 11 for rides.
  COALESCE(activities.workout_type IN (1, 11), FALSE) AS race,
  activities.started_at,
  activities.local_date,
  EXTRACT(YEAR FROM activities.local_date) AS year,
  activities.distance_m,
  activities.moving_time_s,
  activities.elapsed_time_s,
  activities.elevation_gain_m,
  activities.max_heartrate_bpm,
  COALESCE(activities.heartrate_opt_out, FALSE) AS heartrate_opt_out,
  COALESCE(activities.device_watts, FALSE) AS power_is_measured
FROM
  activities
LEFT JOIN
  sports
ON
  activities.sport_type = sports.sport_type
