WITH landed AS (
  SELECT
    *
  FROM
    landing.metrics
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
  points,
  recorded_s,
  paused_s,
  moving_s,
  average_power_w,
  max_power_w,
  normalized_power_w,
  work_kj,
  power_coverage,
  average_heartrate_bpm,
  max_heartrate_bpm,
  heartrate_coverage,
  power_curve,
  heartrate_curve,
  speed_curve,
  power_histogram,
  heartrate_histogram,
  xpower_w,
  decoupling_power_pct,
  decoupling_speed_pct,
  elevation_gain_m,
  elevation_loss_m,
  gap_speed_mps,
  minetti_speed_mps,
  efforts,
  distance_m,
  altitude_coverage,
  speed_coverage,
  speed_curve_on_foot,
  efforts_on_foot,
  speed_coverage_on_foot
FROM
  newest
WHERE
  op = 'upsert'
