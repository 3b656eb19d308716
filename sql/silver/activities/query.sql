WITH landed AS (
  SELECT
    *
  FROM
    landing.activities
),
newest AS (
  -- A version that landed twice is one version; the later reading of it wins.
  SELECT
    *
  FROM
    landed
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, activity_id
      ORDER BY version DESC, ingested_at DESC, bronze_uri DESC
    ) = 1
)
SELECT
  athlete_id,
  activity_id,
  version,
  source,
  bronze_uri,
  trace,
  detailed,
  name,
  sport_type,
  workout_type,
  started_at,
  started_local,
  local_date,
  timezone,
  utc_offset_s,
  distance_m,
  moving_time_s,
  elapsed_time_s,
  elevation_gain_m,
  elevation_high_m,
  elevation_low_m,
  average_speed_mps,
  max_speed_mps,
  average_cadence_rpm,
  average_temp_c,
  average_power_w,
  weighted_power_w,
  max_power_w,
  work_kj,
  device_watts,
  has_heartrate,
  average_heartrate_bpm,
  max_heartrate_bpm,
  calories_kcal,
  relative_effort,
  gear_id,
  device_name,
  trainer,
  commute,
  manual,
  private,
  flagged,
  visibility,
  start_lat,
  start_lng,
  end_lat,
  end_lng,
  laps,
  splits_metric,
  best_efforts
FROM
  newest
WHERE
  op = 'upsert'
