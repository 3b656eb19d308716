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
      ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
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
  description,
  private_note,
  sport_type,
  workout_type,
  started_at,
  started_local,
  local_date,
  timezone,
  utc_offset_s,
  distance_m,
  -- A bad upload may say that it moved for longer than it took.
  IF(moving_time_s > elapsed_time_s, elapsed_time_s, moving_time_s) AS moving_time_s,
  moving_time_s > elapsed_time_s AS moving_time_clamped,
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
  heartrate_opt_out,
  average_heartrate_bpm,
  max_heartrate_bpm,
  calories_kcal,
  relative_effort,
  perceived_exertion,
  prefer_perceived_exertion,
  gear_id,
  device_name,
  upload_id,
  external_id,
  trainer,
  commute,
  manual,
  private,
  flagged,
  visibility,
  hide_from_home,
  from_accepted_tag,
  kudos_count,
  comment_count,
  achievement_count,
  pr_count,
  athlete_count,
  total_photo_count,
  start_lat,
  start_lng,
  end_lat,
  end_lng,
  summary_polyline,
  laps,
  splits_metric,
  splits_standard,
  best_efforts,
  segment_efforts,
  raw_json,
  polyline,
  legacy_type,
  photo_count,
  location_city,
  location_state,
  location_country
FROM
  newest
WHERE
  op = 'upsert'
