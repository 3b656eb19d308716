-- Generated from sql/ by `python -m paceline.warehouse`: change it there.
DECLARE run_started_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP();
DECLARE newest_landed TIMESTAMP;
DECLARE seen_until TIMESTAMP;
DECLARE first_activity INT64;
DECLARE last_activity INT64;
DECLARE oldest_landed TIMESTAMP;
DECLARE touched_count INT64;
DECLARE failed_check STRING;
DECLARE is_compared BOOL DEFAULT FALSE;
DECLARE built_names ARRAY<STRING> DEFAULT [];
DECLARE blocked_names ARRAY<STRING> DEFAULT [];
DECLARE blocked_reasons ARRAY<STRING> DEFAULT [];
DECLARE drifted_names ARRAY<STRING> DEFAULT [];

INSERT INTO ${prefix}ops.watermarks (name, ingested_at, plan) VALUES ('full_run', run_started_at, '90bf309483c2660b');

BEGIN
  SET newest_landed = (SELECT COALESCE(MAX(landed.ingested_at), TIMESTAMP '1970-01-01 00:00:00+00') FROM (SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.activities UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.athletes UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.gear UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.metrics UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.settings UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.stats UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.streams UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}landing.zones UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}ops.reconciliations UNION ALL SELECT MAX(ingested_at) AS ingested_at FROM ${prefix}ops.watermarks WHERE name = 'landing') AS landed);
  SET seen_until = LEAST(newest_landed, TIMESTAMP_SUB(run_started_at, INTERVAL 600 SECOND));

  SET is_compared = COALESCE(
    (SELECT plan = '90bf309483c2660b' AND ingested_at >= newest_landed FROM ${prefix}ops.watermarks WHERE name = 'landing'),
    FALSE
  ) AND NOT EXISTS (SELECT 1 FROM ${prefix}ops.watermarks WHERE (name = 'landing' AND plan != '90bf309483c2660b') OR name NOT IN ('landing', 'full_run'));

  IF is_compared THEN
    CREATE TEMP TABLE rows_before AS
    SELECT 'silver.metrics' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.version, built_row.source, built_row.bronze_uri, built_row.trace, built_row.points, built_row.recorded_s, built_row.paused_s, built_row.moving_s, ROUND(built_row.average_power_w, 6) + 0.0 AS average_power_w, ROUND(built_row.max_power_w, 6) + 0.0 AS max_power_w, ROUND(built_row.normalized_power_w, 6) + 0.0 AS normalized_power_w, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.power_coverage, 6) + 0.0 AS power_coverage, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, ROUND(built_row.heartrate_coverage, 6) + 0.0 AS heartrate_coverage, built_row.power_curve, built_row.heartrate_curve, built_row.speed_curve, built_row.power_histogram, built_row.heartrate_histogram, ROUND(built_row.xpower_w, 6) + 0.0 AS xpower_w, ROUND(built_row.decoupling_power_pct, 6) + 0.0 AS decoupling_power_pct, ROUND(built_row.decoupling_speed_pct, 6) + 0.0 AS decoupling_speed_pct, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_loss_m, 6) + 0.0 AS elevation_loss_m, ROUND(built_row.gap_speed_mps, 6) + 0.0 AS gap_speed_mps, ROUND(built_row.minetti_speed_mps, 6) + 0.0 AS minetti_speed_mps, built_row.efforts, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.altitude_coverage, 6) + 0.0 AS altitude_coverage, ROUND(built_row.speed_coverage, 6) + 0.0 AS speed_coverage, built_row.speed_curve_on_foot, built_row.efforts_on_foot, ROUND(built_row.speed_coverage_on_foot, 6) + 0.0 AS speed_coverage_on_foot)))), 0) AS hashed FROM ${prefix}silver.metrics AS built_row
    UNION ALL
    SELECT 'silver.streams' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.version, built_row.source, built_row.bronze_uri, built_row.trace, built_row.chunk, built_row.chunks, built_row.points, built_row.resolution, built_row.original_size, built_row.series_type)))), 0) AS hashed FROM ${prefix}silver.streams AS built_row
    UNION ALL
    SELECT 'silver.activities' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.version, built_row.source, built_row.bronze_uri, built_row.trace, built_row.detailed, built_row.name, built_row.description, built_row.private_note, built_row.sport_type, built_row.workout_type, built_row.started_at, built_row.started_local, built_row.local_date, built_row.timezone, built_row.utc_offset_s, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, built_row.moving_time_s, built_row.moving_time_clamped, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_high_m, 6) + 0.0 AS elevation_high_m, ROUND(built_row.elevation_low_m, 6) + 0.0 AS elevation_low_m, ROUND(built_row.average_speed_mps, 6) + 0.0 AS average_speed_mps, ROUND(built_row.max_speed_mps, 6) + 0.0 AS max_speed_mps, ROUND(built_row.average_cadence_rpm, 6) + 0.0 AS average_cadence_rpm, ROUND(built_row.average_temp_c, 6) + 0.0 AS average_temp_c, ROUND(built_row.average_power_w, 6) + 0.0 AS average_power_w, ROUND(built_row.weighted_power_w, 6) + 0.0 AS weighted_power_w, ROUND(built_row.max_power_w, 6) + 0.0 AS max_power_w, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, built_row.device_watts, built_row.has_heartrate, built_row.heartrate_opt_out, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.relative_effort, 6) + 0.0 AS relative_effort, ROUND(built_row.perceived_exertion, 6) + 0.0 AS perceived_exertion, built_row.prefer_perceived_exertion, built_row.gear_id, built_row.device_name, built_row.upload_id, built_row.external_id, built_row.trainer, built_row.commute, built_row.manual, built_row.private, built_row.flagged, built_row.visibility, built_row.hide_from_home, built_row.from_accepted_tag, built_row.kudos_count, built_row.comment_count, built_row.achievement_count, built_row.pr_count, built_row.athlete_count, built_row.total_photo_count, ROUND(built_row.start_lat, 6) + 0.0 AS start_lat, ROUND(built_row.start_lng, 6) + 0.0 AS start_lng, ROUND(built_row.end_lat, 6) + 0.0 AS end_lat, ROUND(built_row.end_lng, 6) + 0.0 AS end_lng, built_row.summary_polyline, built_row.laps, built_row.splits_metric, built_row.splits_standard, built_row.best_efforts, built_row.segment_efforts, built_row.raw_json, built_row.polyline, built_row.legacy_type, built_row.photo_count, built_row.location_city, built_row.location_state, built_row.location_country)))), 0) AS hashed FROM ${prefix}silver.activities AS built_row
    UNION ALL
    SELECT 'silver.settings' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.name, ROUND(built_row.value, 6) + 0.0 AS value, built_row.valid_from, built_row.valid_until, built_row.source, built_row.version, built_row.bronze_uri)))), 0) AS hashed FROM ${prefix}silver.settings AS built_row
    UNION ALL
    SELECT 'marts.activity_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.name, built_row.sport_type, built_row.sport_group, built_row.race, built_row.local_date, built_row.year, built_row.month, built_row.started_at, built_row.started_local, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.stopped_share, 6) + 0.0 AS stopped_share, built_row.moves_longer_than_it_takes, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.average_speed_kmh, 6) + 0.0 AS average_speed_kmh, ROUND(built_row.average_speed_mph, 6) + 0.0 AS average_speed_mph, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.pace_s_per_100m, 6) + 0.0 AS pace_s_per_100m, ROUND(built_row.pace_s_per_100yd, 6) + 0.0 AS pace_s_per_100yd, ROUND(built_row.race_speed_kmh, 6) + 0.0 AS race_speed_kmh, ROUND(built_row.race_speed_mph, 6) + 0.0 AS race_speed_mph, ROUND(built_row.race_pace_s_per_km, 6) + 0.0 AS race_pace_s_per_km, ROUND(built_row.race_pace_s_per_mi, 6) + 0.0 AS race_pace_s_per_mi, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, ROUND(built_row.average_cadence_rpm, 6) + 0.0 AS average_cadence_rpm, ROUND(built_row.average_steps_per_min, 6) + 0.0 AS average_steps_per_min, built_row.cadence_is_of_both_legs, ROUND(built_row.average_power_w, 6) + 0.0 AS average_power_w, ROUND(built_row.normalized_power_w, 6) + 0.0 AS normalized_power_w, built_row.power_is_measured, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, built_row.gear_id, built_row.private, built_row.detailed, built_row.has_streams, built_row.recorded_s, built_row.version, built_row.bronze_uri, built_row.streams_version, built_row.streams_bronze_uri)))), 0) AS hashed FROM ${prefix}marts.activity_summary AS built_row
    UNION ALL
    SELECT 'marts.daily_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.sport_type, built_row.year, built_row.month, built_row.week_start, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.daily_summary AS built_row
    UNION ALL
    SELECT 'silver.grouped_activities' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.name, built_row.sport_type, built_row.sport_group, built_row.indoor, built_row.commute, built_row.private, built_row.flagged, built_row.race, built_row.started_at, built_row.local_date, built_row.year, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, built_row.heartrate_opt_out, built_row.power_is_measured)))), 0) AS hashed FROM ${prefix}silver.grouped_activities AS built_row
    UNION ALL
    SELECT 'silver.today' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.utc_offset_s)))), 0) AS hashed FROM ${prefix}silver.today AS built_row
    UNION ALL
    SELECT 'marts.monthly_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.year, built_row.month, built_row.sport_type, built_row.active_days, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.monthly_summary AS built_row
    UNION ALL
    SELECT 'marts.weekly_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.week_start, built_row.iso_year, built_row.iso_week, built_row.sport_type, built_row.active_days, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.weekly_summary AS built_row
    UNION ALL
    SELECT 'marts.yearly_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.year, built_row.sport_type, built_row.active_days, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.yearly_summary AS built_row
    UNION ALL
    SELECT 'marts.routes' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.name, built_row.sport_type, built_row.sport_group, built_row.indoor, built_row.local_date, built_row.year, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, ROUND(built_row.start_lat, 6) + 0.0 AS start_lat, ROUND(built_row.start_lng, 6) + 0.0 AS start_lng, ROUND(built_row.end_lat, 6) + 0.0 AS end_lat, ROUND(built_row.end_lng, 6) + 0.0 AS end_lng, built_row.polyline, built_row.line_wkt)))), 0) AS hashed FROM ${prefix}marts.routes AS built_row
    UNION ALL
    SELECT 'silver.activity_cells' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.sport_group, built_row.lat_cell, built_row.lng_cell)))), 0) AS hashed FROM ${prefix}silver.activity_cells AS built_row
    UNION ALL
    SELECT 'silver.curve_points' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.curve, built_row.duration_s, ROUND(built_row.value, 6) + 0.0 AS value, built_row.sport_group, built_row.indoor, built_row.started_at, built_row.local_date, built_row.year)))), 0) AS hashed FROM ${prefix}silver.curve_points AS built_row
    UNION ALL
    SELECT 'silver.efforts' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.sport_group, built_row.indoor, built_row.race, built_row.started_at, built_row.local_date, built_row.distance_m, built_row.distance_name, built_row.elapsed_time_s, built_row.start_index, built_row.end_index)))), 0) AS hashed FROM ${prefix}silver.efforts AS built_row
    UNION ALL
    SELECT 'marts.activity_load' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.local_date, built_row.sport_type, built_row.sport_group, ROUND(built_row.load, 6) + 0.0 AS load, built_row.load_source, built_row.load_missing_because, ROUND(built_row.tss, 6) + 0.0 AS tss, ROUND(built_row.rtss, 6) + 0.0 AS rtss, ROUND(built_row.swim_tss, 6) + 0.0 AS swim_tss, built_row.sport_load_missing_because, ROUND(built_row.hrtss, 6) + 0.0 AS hrtss, ROUND(built_row.trimp, 6) + 0.0 AS trimp, ROUND(built_row.trimp_unscaled, 6) + 0.0 AS trimp_unscaled, built_row.trimp_constants, ROUND(built_row.edwards, 6) + 0.0 AS edwards, ROUND(built_row.lucia, 6) + 0.0 AS lucia, built_row.lucia_is_by_proxy, ROUND(built_row.relative_effort, 6) + 0.0 AS relative_effort, built_row.hrtss_missing_because, built_row.power_is_measured, ROUND(built_row.normalized_power_w, 6) + 0.0 AS normalized_power_w, built_row.normalized_power_source, built_row.normalized_power_is_short, ROUND(built_row.intensity_factor, 6) + 0.0 AS intensity_factor, ROUND(built_row.variability_index, 6) + 0.0 AS variability_index, ROUND(built_row.gap_speed_mps, 6) + 0.0 AS gap_speed_mps, built_row.gap_source, ROUND(built_row.gap_pace_s_per_km, 6) + 0.0 AS gap_pace_s_per_km, ROUND(built_row.gap_pace_s_per_mi, 6) + 0.0 AS gap_pace_s_per_mi, ROUND(built_row.efficiency_factor, 6) + 0.0 AS efficiency_factor, ROUND(built_row.decoupling_pct, 6) + 0.0 AS decoupling_pct, built_row.decoupling_of, built_row.recorded_s, built_row.moving_time_s, ROUND(built_row.heartrate_coverage, 6) + 0.0 AS heartrate_coverage, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.ftp_w, 6) + 0.0 AS ftp_w, ROUND(built_row.rest_hr_bpm, 6) + 0.0 AS rest_hr_bpm, ROUND(built_row.max_hr_bpm, 6) + 0.0 AS max_hr_bpm, ROUND(built_row.threshold_hr_bpm, 6) + 0.0 AS threshold_hr_bpm, ROUND(built_row.vt1_hr_bpm, 6) + 0.0 AS vt1_hr_bpm, ROUND(built_row.vt2_hr_bpm, 6) + 0.0 AS vt2_hr_bpm, ROUND(built_row.threshold_speed_mps, 6) + 0.0 AS threshold_speed_mps, ROUND(built_row.css_mps, 6) + 0.0 AS css_mps)))), 0) AS hashed FROM ${prefix}marts.activity_load AS built_row
    UNION ALL
    SELECT 'marts.activity_zones' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.kind, built_row.zone, built_row.local_date, built_row.week_start, built_row.sport_type, built_row.sport_group, ROUND(built_row.zone_from, 6) + 0.0 AS zone_from, ROUND(built_row.zone_until, 6) + 0.0 AS zone_until, built_row.zones_source, built_row.seconds, ROUND(built_row.share, 6) + 0.0 AS share)))), 0) AS hashed FROM ${prefix}marts.activity_zones AS built_row
    UNION ALL
    SELECT 'marts.record_history' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.indoor, built_row.record, built_row.extent, built_row.name, built_row.activity_id, built_row.sport_type, built_row.activity_name, built_row.commute, built_row.race, built_row.local_date, built_row.started_at, ROUND(built_row.value, 6) + 0.0 AS value, built_row.unit, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, ROUND(built_row.speed_kmh, 6) + 0.0 AS speed_kmh, ROUND(built_row.speed_mph, 6) + 0.0 AS speed_mph, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.pace_s_per_100m, 6) + 0.0 AS pace_s_per_100m, ROUND(built_row.pace_s_per_100yd, 6) + 0.0 AS pace_s_per_100yd, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, built_row.start_index, built_row.end_index, ROUND(built_row.previous_value, 6) + 0.0 AS previous_value, built_row.broken_on)))), 0) AS hashed FROM ${prefix}marts.record_history AS built_row
    UNION ALL
    SELECT 'marts.vdot' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.local_date, built_row.race, ROUND(built_row.vdot, 6) + 0.0 AS vdot, built_row.distance_m, built_row.distance_name, built_row.elapsed_time_s, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.best_90_days, 6) + 0.0 AS best_90_days)))), 0) AS hashed FROM ${prefix}marts.vdot AS built_row
    UNION ALL
    SELECT 'marts.eddington' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.unit, built_row.eddington, built_row.next_distance, built_row.days_to_next)))), 0) AS hashed FROM ${prefix}marts.eddington AS built_row
    UNION ALL
    SELECT 'marts.streaks' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.unit, built_row.longest_length, built_row.longest_from, built_row.longest_to, built_row.current_length, built_row.current_from, built_row.last_on, built_row.as_of)))), 0) AS hashed FROM ${prefix}marts.streaks AS built_row
    UNION ALL
    SELECT 'marts.year_over_year' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.year, built_row.month, built_row.day, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft)))), 0) AS hashed FROM ${prefix}marts.year_over_year AS built_row
    UNION ALL
    SELECT 'marts.fitness_daily' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.day_number, built_row.activities, built_row.activities_without_load, ROUND(built_row.load, 6) + 0.0 AS load, ROUND(built_row.ctl, 6) + 0.0 AS ctl, ROUND(built_row.atl, 6) + 0.0 AS atl, ROUND(built_row.tsb, 6) + 0.0 AS tsb, ROUND(built_row.tsb_same_day, 6) + 0.0 AS tsb_same_day, ROUND(built_row.ramp, 6) + 0.0 AS ramp, ROUND(built_row.load_7d, 6) + 0.0 AS load_7d, ROUND(built_row.load_28d, 6) + 0.0 AS load_28d, ROUND(built_row.acwr, 6) + 0.0 AS acwr, ROUND(built_row.acute_load_ewma, 6) + 0.0 AS acute_load_ewma, ROUND(built_row.chronic_load_ewma, 6) + 0.0 AS chronic_load_ewma, ROUND(built_row.acwr_ewma, 6) + 0.0 AS acwr_ewma, ROUND(built_row.monotony, 6) + 0.0 AS monotony, ROUND(built_row.strain, 6) + 0.0 AS strain, built_row.warming_up, ROUND(built_row.ctl_days, 6) + 0.0 AS ctl_days, ROUND(built_row.atl_days, 6) + 0.0 AS atl_days)))), 0) AS hashed FROM ${prefix}marts.fitness_daily AS built_row
    UNION ALL
    SELECT 'marts.rolling' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.sport_group, built_row.window_days, built_row.window_is_full, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.load, 6) + 0.0 AS load, built_row.day_number)))), 0) AS hashed FROM ${prefix}marts.rolling AS built_row
    UNION ALL
    SELECT 'marts.zones_weekly' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.week_start, built_row.sport_group, built_row.kind, built_row.zone, built_row.seconds, ROUND(built_row.hours, 6) + 0.0 AS hours, ROUND(built_row.share, 6) + 0.0 AS share, built_row.activities)))), 0) AS hashed FROM ${prefix}marts.zones_weekly AS built_row
    UNION ALL
    SELECT 'marts.heartrate_curve' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.duration_s, ROUND(built_row.heartrate_bpm, 6) + 0.0 AS heartrate_bpm, built_row.activity_id, built_row.local_date)))), 0) AS hashed FROM ${prefix}marts.heartrate_curve AS built_row
    UNION ALL
    SELECT 'marts.pace_curve' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.duration_s, ROUND(built_row.speed_mps, 6) + 0.0 AS speed_mps, ROUND(built_row.speed_kmh, 6) + 0.0 AS speed_kmh, ROUND(built_row.speed_mph, 6) + 0.0 AS speed_mph, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.pace_s_per_100m, 6) + 0.0 AS pace_s_per_100m, ROUND(built_row.pace_s_per_100yd, 6) + 0.0 AS pace_s_per_100yd, built_row.activity_id, built_row.local_date)))), 0) AS hashed FROM ${prefix}marts.pace_curve AS built_row
    UNION ALL
    SELECT 'marts.power_curve' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.duration_s, ROUND(built_row.power_w, 6) + 0.0 AS power_w, ROUND(built_row.power_w_per_kg, 6) + 0.0 AS power_w_per_kg, built_row.activity_id, built_row.local_date)))), 0) AS hashed FROM ${prefix}marts.power_curve AS built_row
    UNION ALL
    SELECT 'marts.critical_power' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.points, ROUND(built_row.critical_power_w, 6) + 0.0 AS critical_power_w, ROUND(built_row.w_prime_j, 6) + 0.0 AS w_prime_j, ROUND(built_row.r_squared, 6) + 0.0 AS r_squared, built_row.rejected, ROUND(built_row.eftp_w, 6) + 0.0 AS eftp_w, ROUND(built_row.eftp_w_per_kg, 6) + 0.0 AS eftp_w_per_kg, built_row.eftp_activity_id)))), 0) AS hashed FROM ${prefix}marts.critical_power AS built_row;
  END IF;

  IF (SELECT plan FROM ${prefix}ops.watermarks WHERE name = 'landing') != '90bf309483c2660b' THEN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}ops.watermarks WHERE name = 'landing';
    INSERT INTO ${prefix}ops.watermarks (name, ingested_at, plan) VALUES ('landing', TIMESTAMP '1970-01-01 00:00:00+00', '');
    COMMIT TRANSACTION;
  END IF;

  IF NOT is_compared THEN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}ops.clock WHERE TRUE;
    INSERT INTO ${prefix}ops.clock (set_at) VALUES (run_started_at);
    COMMIT TRANSACTION;
  END IF;

  CREATE OR REPLACE VIEW ${prefix}silver.sports (
    sport_type OPTIONS (description = 'Strava\'s sport type, such as Run, TrailRun or Ride; one that is not here counts as other'),
    sport_group OPTIONS (description = 'run, ride, ebike, swim, walk, ski, skate, water, gym, game or other'),
    virtual OPTIONS (description = 'True when the distance is one of a virtual world')
  )
  OPTIONS (description = 'Strava\'s sport types, in the groups that numbers are compared within; one row per sport type') AS
  WITH names AS (
    SELECT
      name.sport_type,
      name.sport_group
    FROM
      UNNEST([
        STRUCT('Run' AS sport_type, 'run' AS sport_group),
        STRUCT('TrailRun', 'run'),
        STRUCT('VirtualRun', 'run'),
        STRUCT('Ride', 'ride'),
        STRUCT('GravelRide', 'ride'),
        STRUCT('MountainBikeRide', 'ride'),
        STRUCT('VirtualRide', 'ride'),
        STRUCT('EBikeRide', 'ebike'),
        STRUCT('EMountainBikeRide', 'ebike'),
        STRUCT('Swim', 'swim'),
        STRUCT('Walk', 'walk'),
        STRUCT('Hike', 'walk'),
        STRUCT('Snowshoe', 'walk'),
        STRUCT('AlpineSki', 'ski'),
        STRUCT('BackcountrySki', 'ski'),
        STRUCT('NordicSki', 'ski'),
        STRUCT('RollerSki', 'ski'),
        STRUCT('Snowboard', 'ski'),
        STRUCT('IceSkate', 'skate'),
        STRUCT('InlineSkate', 'skate'),
        STRUCT('Skateboard', 'skate'),
        STRUCT('Canoeing', 'water'),
        STRUCT('Kayaking', 'water'),
        STRUCT('Kitesurf', 'water'),
        STRUCT('Rowing', 'water'),
        STRUCT('Sail', 'water'),
        STRUCT('StandUpPaddling', 'water'),
        STRUCT('Surfing', 'water'),
        STRUCT('VirtualRow', 'water'),
        STRUCT('Windsurf', 'water'),
        STRUCT('Crossfit', 'gym'),
        STRUCT('Dance', 'gym'),
        STRUCT('Elliptical', 'gym'),
        STRUCT('HighIntensityIntervalTraining', 'gym'),
        STRUCT('PhysicalTherapy', 'gym'),
        STRUCT('Pilates', 'gym'),
        STRUCT('StairStepper', 'gym'),
        STRUCT('WeightTraining', 'gym'),
        STRUCT('Workout', 'gym'),
        STRUCT('Yoga', 'gym'),
        STRUCT('Badminton', 'game'),
        STRUCT('Basketball', 'game'),
        STRUCT('Cricket', 'game'),
        STRUCT('Golf', 'game'),
        STRUCT('Padel', 'game'),
        STRUCT('Pickleball', 'game'),
        STRUCT('Racquetball', 'game'),
        STRUCT('Soccer', 'game'),
        STRUCT('Squash', 'game'),
        STRUCT('TableTennis', 'game'),
        STRUCT('Tennis', 'game'),
        STRUCT('Volleyball', 'game'),
        STRUCT('Handcycle', 'other'),
        STRUCT('RockClimbing', 'other'),
        STRUCT('Velomobile', 'other'),
        STRUCT('Wheelchair', 'other')
      ]) AS name
  )
  SELECT
    sport_type,
    sport_group,
    sport_type LIKE 'Virtual%' AS virtual
  FROM
    names;
  CREATE OR REPLACE VIEW ${prefix}marts.failed_payloads (
    payload_uri OPTIONS (description = 'The stored bytes that did not fit'),
    error_type OPTIONS (description = 'Name of the error that refused them last'),
    message OPTIONS (description = 'What did not fit'),
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    failed_at OPTIONS (description = 'When they were refused last')
  )
  OPTIONS (description = 'Payloads that load_silver refused, so that they can be loaded again after a repair; one row per payload') AS
  WITH failed AS (
    SELECT
      *
    FROM
      ${prefix}ops.failed_events
  )
  SELECT
    payload_uri,
    error_type,
    message,
    athlete_id,
    activity_id,
    failed_at
  FROM
    failed
  WHERE
    stage = 'load_silver'
    AND payload_uri IS NOT NULL
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY payload_uri ORDER BY failed_at DESC) = 1;
  CREATE OR REPLACE VIEW ${prefix}marts.failures (
    stage OPTIONS (description = 'The step that refused it'),
    error_type OPTIONS (description = 'Name of the error'),
    failures OPTIONS (description = 'How often in the 24 hours before as_of'),
    last_failed_at OPTIONS (description = 'When it was last given up on'),
    payload_uri OPTIONS (description = 'The newest payload of them; NULL when none has one'),
    as_of OPTIONS (description = 'The newest that the warehouse knows of: a run\'s end, or a failure')
  )
  OPTIONS (description = 'What was given up on in the last day; one row per step and error') AS
  WITH failed AS (
    SELECT
      *
    FROM
      ${prefix}ops.failed_events
  ),
  known AS (
    SELECT
      failed_at AS moment
    FROM
      ${prefix}ops.failed_events
    UNION ALL
    SELECT
      finished_at
    FROM
      ${prefix}ops.script_runs
  ),
  newest AS (
    -- Not the clock: the same rows give the same answer, whenever and wherever they are asked.
    SELECT
      MAX(moment) AS as_of
    FROM
      known
  ),
  recent AS (
    SELECT
      failed.stage,
      failed.error_type,
      failed.payload_uri,
      failed.failed_at,
      newest.as_of
    FROM
      failed
    INNER JOIN
      newest
    ON
      failed.failed_at > TIMESTAMP_SUB(newest.as_of, INTERVAL 24 HOUR)
  )
  SELECT
    stage,
    error_type,
    COUNT(*) OVER (PARTITION BY stage, error_type) AS failures,
    MAX(failed_at) OVER (PARTITION BY stage, error_type) AS last_failed_at,
    payload_uri,
    as_of
  FROM
    recent
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY stage, error_type
      ORDER BY payload_uri IS NULL, failed_at DESC, payload_uri DESC
    ) = 1;
  CREATE OR REPLACE VIEW ${prefix}marts.freshness (
    refreshed_at OPTIONS (description = 'When the marts last changed'),
    landed_until OPTIONS (description = 'Everything taken up to here is in the marts'),
    blocked_tables OPTIONS (description = 'Tables that a failed check held back in the last run')
  )
  OPTIONS (description = 'How up to date the marts are; one row') AS
  WITH runs AS (
    SELECT
      *
    FROM
      ${prefix}ops.script_runs
  ),
  watermarks AS (
    SELECT
      *
    FROM
      ${prefix}ops.watermarks
  ),
  last_run AS (
    SELECT
      finished_at,
      blocked_tables
    FROM
      runs
    QUALIFY
      ROW_NUMBER() OVER (ORDER BY finished_at DESC) = 1
  ),
  landed AS (
    SELECT
      MAX(ingested_at) AS landed_until
    FROM
      watermarks
    WHERE
      name = 'landing'
  )
  SELECT
    last_run.finished_at AS refreshed_at,
    landed.landed_until,
    last_run.blocked_tables
  FROM
    landed
  LEFT JOIN
    last_run
  ON
    TRUE;
  CREATE OR REPLACE VIEW ${prefix}silver.gear (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    gear_id OPTIONS (description = 'Strava\'s id of the bike or the shoes'),
    version OPTIONS (description = 'When Strava was asked, in microseconds since 1970; the greatest wins'),
    bronze_uri OPTIONS (description = 'The stored bytes that the row was read from'),
    trace OPTIONS (description = 'The trace id of the reading'),
    name OPTIONS (description = 'The athlete\'s name for it'),
    nickname OPTIONS (description = 'The athlete\'s short name for it'),
    brand_name OPTIONS (description = 'Brand'),
    model_name OPTIONS (description = 'Model'),
    is_primary OPTIONS (description = 'True for the one that new activities get'),
    retired OPTIONS (description = 'True when it is no longer used'),
    distance_m OPTIONS (description = 'Metres that Strava counts for it')
  )
  OPTIONS (description = 'Bikes and shoes as Strava last gave them; one row per bike or pair of shoes') AS
  WITH landed AS (
    SELECT
      *
    FROM
      ${prefix}landing.gear
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
    ) = 1;
  CREATE OR REPLACE VIEW ${prefix}ops.latency (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    version OPTIONS (description = 'When Strava was asked, in microseconds since 1970; the greatest wins'),
    trace OPTIONS (description = 'The trace id that runs from the webhook to the mart'),
    received_at OPTIONS (description = 'When the event came in'),
    fetched_at OPTIONS (description = 'When Strava was asked'),
    loaded_at OPTIONS (description = 'When the warehouse first took it'),
    built_at OPTIONS (description = 'End of the first run of the script that began after that and built every table; NULL while there is none'),
    to_fetched_s OPTIONS (description = 'received_at to fetched_at, in seconds'),
    to_loaded_s OPTIONS (description = 'received_at to loaded_at, in seconds'),
    to_built_s OPTIONS (description = 'received_at to built_at, in seconds')
  )
  OPTIONS (description = 'How long activities took from Strava\'s event to the marts, what had to wait for the read limit or for Strava included; streams that came later are no second answer; one row per activity version that an event brought') AS
  WITH landed AS (
    SELECT
      athlete_id,
      activity_id,
      version,
      reason,
      trace,
      received_at,
      ingested_at
    FROM
      ${prefix}landing.activities
  ),
  runs AS (
    SELECT
      started_at,
      finished_at,
      blocked_tables
    FROM
      ${prefix}ops.script_runs
  ),
  first_landed AS (
    -- What lands again is a redelivery, a replay or a rebuild.
    SELECT
      *
    FROM
      landed
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY athlete_id, activity_id, version
        ORDER BY ingested_at, received_at, trace
      ) = 1
  ),
  moments AS (
    -- Landings and runs in one line, as BigQuery does not join by "at or after".
    SELECT
      ingested_at AS moment,
      athlete_id,
      activity_id,
      version,
      trace,
      received_at,
      NULL AS finished_at
    FROM
      first_landed
    WHERE
      reason = 'webhook'
    UNION ALL
    SELECT
      started_at,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      finished_at
    FROM
      runs
    WHERE
      blocked_tables = 0
  ),
  built AS (
    SELECT
      *,
      MIN(finished_at) OVER (
        ORDER BY moment DESC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS built_at
    FROM
      moments
  )
  SELECT
    athlete_id,
    activity_id,
    version,
    trace,
    received_at,
    TIMESTAMP_MICROS(version) AS fetched_at,
    moment AS loaded_at,
    built_at,
    (version - UNIX_MICROS(received_at)) / 1000000 AS to_fetched_s,
    (UNIX_MICROS(moment) - UNIX_MICROS(received_at)) / 1000000 AS to_loaded_s,
    (UNIX_MICROS(built_at) - UNIX_MICROS(received_at)) / 1000000 AS to_built_s
  FROM
    built
  WHERE
    activity_id IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.athlete_settings (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    valid_from OPTIONS (description = 'When Strava was first seen to say so'),
    valid_until OPTIONS (description = 'When Strava was first seen to say otherwise; NULL for what holds now'),
    weight_kg OPTIONS (description = 'Weight in kilograms'),
    ftp_w OPTIONS (description = 'Functional threshold power in watts, as the athlete set it'),
    heart_rate_zones OPTIONS (description = 'Heart rate zones in beats a minute; the last has no upper end'),
    power_zones OPTIONS (description = 'Power zones in watts; none without a threshold power'),
    source OPTIONS (description = 'Who said so: strava')
  )
  OPTIONS (description = 'What an athlete\'s numbers depend on, and from when to when it was so: changing today\'s threshold does not rewrite last year; one row per athlete and change of a setting') AS
  WITH landed_profiles AS (
    SELECT
      *
    FROM
      ${prefix}landing.athletes
  ),
  landed_zones AS (
    SELECT
      *
    FROM
      ${prefix}landing.zones
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
    changes;
  CREATE OR REPLACE VIEW ${prefix}silver.athletes (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    version OPTIONS (description = 'When Strava was asked, in microseconds since 1970; the greatest wins'),
    bronze_uri OPTIONS (description = 'The stored bytes that the row was read from'),
    trace OPTIONS (description = 'The trace id of the reading'),
    sex OPTIONS (description = 'M, F or nothing, as the athlete says'),
    weight_kg OPTIONS (description = 'Weight in kilograms'),
    ftp_w OPTIONS (description = 'Functional threshold power in watts, as the athlete set it'),
    measurement_preference OPTIONS (description = 'feet or meters'),
    premium OPTIONS (description = 'True for a subscriber of Strava'),
    zones_version OPTIONS (description = 'When Strava was asked for the zones, in microseconds since 1970; NULL when they were never read'),
    heart_rate_is_custom OPTIONS (description = 'True when the athlete set the heart rate zones'),
    heart_rate_zones OPTIONS (description = 'Heart rate zones in beats a minute; the last has no upper end'),
    power_zones OPTIONS (description = 'Power zones in watts; none without a threshold power')
  )
  OPTIONS (description = 'Athletes as Strava last gave them, with their zones; no name, place or picture; one row per athlete') AS
  WITH landed_profiles AS (
    SELECT
      *
    FROM
      ${prefix}landing.athletes
  ),
  landed_zones AS (
    SELECT
      *
    FROM
      ${prefix}landing.zones
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
    profiles.athlete_id = zones.athlete_id;
  CREATE OR REPLACE VIEW ${prefix}silver.effort_distances (
    sport_group OPTIONS (description = 'run or ride'),
    distance_m OPTIONS (description = 'Distance in whole metres, as Strava rounds it'),
    name OPTIONS (description = 'What the distance is called, such as 5 km or half marathon'),
    fastest_s OPTIONS (description = 'Seconds below which an effort is an error: the world\'s best less 2 % on foot; 20 m/s up to 20 km by bike, and 60 km/h beyond')
  )
  OPTIONS (description = 'Distances that best efforts are told for, with a limit of what can be true; one row per sport group and distance') AS
  WITH distances AS (
    SELECT
      distance.sport_group,
      distance.distance_m,
      distance.name,
      distance.fastest_s
    FROM
      UNNEST([
        STRUCT('run' AS sport_group, 400 AS distance_m, '400 m' AS name, 42 AS fastest_s),
        STRUCT('run', 805, '1/2 mile', 99),
        STRUCT('run', 1000, '1 km', 129),
        STRUCT('run', 1609, '1 mile', 218),
        STRUCT('run', 3219, '2 miles', 464),
        STRUCT('run', 5000, '5 km', 740),
        STRUCT('run', 10000, '10 km', 1539),
        STRUCT('run', 15000, '15 km', 2339),
        STRUCT('run', 16090, '10 miles', 2509),
        STRUCT('run', 20000, '20 km', 3157),
        STRUCT('run', 21097, 'half marathon', 3333),
        STRUCT('run', 30000, '30 km', 5000),
        STRUCT('run', 42195, 'marathon', 7090),
        STRUCT('run', 50000, '50 km', 9332),
        STRUCT('run', 80467, '50 miles', 16955),
        STRUCT('run', 100000, '100 km', 21496),
        STRUCT('ride', 5000, '5 km', 250),
        STRUCT('ride', 10000, '10 km', 500),
        STRUCT('ride', 20000, '20 km', 1000),
        STRUCT('ride', 40000, '40 km', 2400),
        STRUCT('ride', 50000, '50 km', 3000),
        STRUCT('ride', 90000, '90 km', 5400),
        STRUCT('ride', 100000, '100 km', 6000),
        STRUCT('ride', 160934, '100 miles', 9656)
      ]) AS distance
  )
  SELECT
    sport_group,
    distance_m,
    name,
    fastest_s
  FROM
    distances;
  CREATE OR REPLACE VIEW ${prefix}silver.known_settings (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    name OPTIONS (description = 'ftp_w, threshold_hr_bpm, vt1_hr_bpm, vt2_hr_bpm, max_hr_bpm, rest_hr_bpm, weight_kg, threshold_speed_mps, css_mps, ctl_days, atl_days, ctl_seed, atl_seed, sex (1 male, 2 female, 0 unknown), or heart_rate_zone_1_min to heart_rate_zone_5_min (lower edges, beats a minute)'),
    value OPTIONS (description = 'The value, in the unit that the name ends with'),
    valid_from OPTIONS (description = 'First day of the athlete on which it holds; 1900-01-01 for the first value that is known'),
    valid_until OPTIONS (description = 'First day on which it no longer holds; NULL for what holds now'),
    source OPTIONS (description = 'athlete when given by hand, strava, or default'),
    version OPTIONS (description = 'When it was said or read, in microseconds since 1970; NULL for a default'),
    bronze_uri OPTIONS (description = 'The stored bytes that say so; NULL for a default')
  )
  OPTIONS (description = 'The settings as landing has them now, by hand or from Strava, with their days; one row per athlete, setting and first day') AS
  WITH landed AS (
    SELECT
      *
    FROM
      ${prefix}landing.settings
  ),
  landed_profiles AS (
    SELECT
      *
    FROM
      ${prefix}landing.athletes
  ),
  landed_zones AS (
    SELECT
      *
    FROM
      ${prefix}landing.zones
  ),
  landed_activities AS (
    SELECT
      *
    FROM
      ${prefix}landing.activities
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
    told.athlete_id IS NULL;
  CREATE OR REPLACE VIEW ${prefix}marts.sports (
    sport_type OPTIONS (description = 'Strava\'s sport type, such as Run, TrailRun or Ride; one that is not here counts as other'),
    sport_group OPTIONS (description = 'run, ride, ebike, swim, walk, ski, skate, water, gym, game or other'),
    virtual OPTIONS (description = 'True when the distance is one of a virtual world')
  )
  OPTIONS (description = 'Strava\'s sport types, in the groups that numbers are compared within; one row per sport type') AS
  SELECT
    sport_type,
    sport_group,
    virtual
  FROM
    ${prefix}silver.sports;
  CREATE OR REPLACE VIEW ${prefix}marts.latency (
    day OPTIONS (description = 'Day on which the event came in, in UTC'),
    versions OPTIONS (description = 'Activity versions that an event brought'),
    built OPTIONS (description = 'How many of them are in the marts'),
    p50_s OPTIONS (description = 'Seconds to the marts that half of the built ones did not exceed; least time that is not exceeded by 50 of 100, by rank'),
    p95_s OPTIONS (description = 'Seconds to the marts that 95 of 100 built ones did not exceed; least time that is not exceeded by 95 of 100, by rank'),
    max_s OPTIONS (description = 'Seconds to the marts of the slowest built one; greatest time from event to mart')
  )
  OPTIONS (description = 'How long activities took from Strava\'s event to the marts, by day; one row per day of the event in UTC') AS
  WITH latency AS (
    SELECT
      CAST(received_at AS DATE) AS day,
      to_built_s
    FROM
      ${prefix}ops.latency
    WHERE
      received_at IS NOT NULL
  ),
  ranked AS (
    SELECT
      day,
      to_built_s,
      ROW_NUMBER() OVER (PARTITION BY day ORDER BY to_built_s IS NULL, to_built_s) AS place,
      COUNT(to_built_s) OVER (PARTITION BY day) AS built
    FROM
      latency
  )
  SELECT
    day,
    COUNT(*) AS versions,
    COUNT(to_built_s) AS built,
    -- A rank, not a value in between: every engine finds the same.
    MIN(IF(place * 100 >= built * 50, to_built_s, NULL)) AS p50_s,
    MIN(IF(place * 100 >= built * 95, to_built_s, NULL)) AS p95_s,
    MAX(to_built_s) AS max_s
  FROM
    ranked
  GROUP BY
    day;
  CREATE OR REPLACE VIEW ${prefix}silver.points (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    version OPTIONS (description = 'When Strava was asked, in microseconds since 1970; the greatest wins'),
    index OPTIONS (description = 'Place of the point, from 0, as in start_index of a lap'),
    t OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    distance_m OPTIONS (description = 'Metres from the start'),
    lat OPTIONS (description = 'Latitude in degrees'),
    lng OPTIONS (description = 'Longitude in degrees'),
    altitude_m OPTIONS (description = 'Altitude in metres'),
    speed_mps OPTIONS (description = 'Smoothed speed in metres per second'),
    heartrate_bpm OPTIONS (description = 'Heart rate in beats a minute'),
    cadence_rpm OPTIONS (description = 'Cadence in turns a minute'),
    power_w OPTIONS (description = 'Power in watts'),
    temp_c OPTIONS (description = 'Temperature in degrees Celsius'),
    moving OPTIONS (description = 'True when in motion'),
    grade_pct OPTIONS (description = 'Smoothed grade in percent')
  )
  OPTIONS (description = 'The points of the latest streams, unnested; one row per activity and point') AS
  WITH streams AS (
    SELECT
      *
    FROM
      ${prefix}silver.streams
  )
  SELECT
    streams.athlete_id,
    streams.activity_id,
    streams.version,
    point.index,
    point.t,
    point.distance_m,
    point.lat,
    point.lng,
    point.altitude_m,
    point.speed_mps,
    point.heartrate_bpm,
    point.cadence_rpm,
    point.power_w,
    point.temp_c,
    point.moving,
    point.grade_pct
  FROM
    streams
  CROSS JOIN
    UNNEST(streams.points) AS point;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_altitude (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Altitude in metres')
  )
  OPTIONS (description = 'The stream altitude; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    altitude_m AS value
  FROM
    ${prefix}silver.points
  WHERE
    altitude_m IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_distance (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Metres from the start')
  )
  OPTIONS (description = 'The stream distance; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    distance_m AS value
  FROM
    ${prefix}silver.points
  WHERE
    distance_m IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_grade_smooth (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Smoothed grade in percent')
  )
  OPTIONS (description = 'The stream grade_smooth; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    grade_pct AS value
  FROM
    ${prefix}silver.points
  WHERE
    grade_pct IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_heartrate (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Heart rate in beats a minute')
  )
  OPTIONS (description = 'The stream heartrate; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    heartrate_bpm AS value
  FROM
    ${prefix}silver.points
  WHERE
    heartrate_bpm IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_latlng (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    lat OPTIONS (description = 'Latitude in degrees'),
    lng OPTIONS (description = 'Longitude in degrees')
  )
  OPTIONS (description = 'The stream latlng, without null island; one row per activity and point that has a place') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    lat,
    lng
  FROM
    ${prefix}silver.points
  WHERE
    lat IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_moving (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'True when in motion')
  )
  OPTIONS (description = 'The stream moving; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    moving AS value
  FROM
    ${prefix}silver.points
  WHERE
    moving IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_power (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Power in watts')
  )
  OPTIONS (description = 'The stream power: another name of watts; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    power_w AS value
  FROM
    ${prefix}silver.points
  WHERE
    power_w IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_temp (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Temperature in degrees Celsius')
  )
  OPTIONS (description = 'The stream temp; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    temp_c AS value
  FROM
    ${prefix}silver.points
  WHERE
    temp_c IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_time (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Seconds since the start')
  )
  OPTIONS (description = 'The stream time; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    t AS value
  FROM
    ${prefix}silver.points
  WHERE
    t IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_velocity_smooth (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Smoothed speed in metres per second')
  )
  OPTIONS (description = 'The stream velocity_smooth; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    speed_mps AS value
  FROM
    ${prefix}silver.points
  WHERE
    speed_mps IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_watts (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Power in watts')
  )
  OPTIONS (description = 'The stream watts; one row per activity and point that has a value') AS
  SELECT
    athlete_id,
    activity_id,
    index,
    t AS time,
    power_w AS value
  FROM
    ${prefix}silver.points
  WHERE
    power_w IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}marts.completeness (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    year OPTIONS (description = 'Calendar year of the start, in UTC'),
    listed OPTIONS (description = 'Activities that Strava listed in the last comparison; NULL before the first'),
    held OPTIONS (description = 'Activities that are here now'),
    detailed OPTIONS (description = 'How many of those are here with everything that Strava gives, and not from a list alone'),
    missing OPTIONS (description = 'listed - held, at least 0: what came since the comparison can hide as many'),
    healed OPTIONS (description = 'Missing, changed or gone ones that comparisons asked Strava for, all together'),
    held_back OPTIONS (description = 'Gone as it seemed in the last comparison, of all years, but too many to ask for at once'),
    checked_at OPTIONS (description = 'When the last comparison began'),
    whole_checked_at OPTIONS (description = 'When the last comparison of the whole history began'),
    told OPTIONS (description = 'The same as a line to read')
  )
  OPTIONS (description = 'Whether everything is here that Strava lists, and since when that is known; one row per athlete and year of the start in UTC') AS
  WITH landed AS (
    SELECT
      *
    FROM
      ${prefix}ops.reconciliations
  ),
  activities AS (
    SELECT
      athlete_id,
      EXTRACT(YEAR FROM started_at) AS year,
      -- Before summaries were kept, everything was read in detail.
      COALESCE(detailed, TRUE) AS detailed
    FROM
      ${prefix}silver.activities
  ),
  comparisons AS (
    -- A report that came twice is one report.
    SELECT
      *
    FROM
      landed
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY athlete_id, year, checked_at
        ORDER BY ingested_at DESC
      ) = 1
  ),
  newest_first AS (
    SELECT
      *,
      ROW_NUMBER() OVER (PARTITION BY athlete_id, year ORDER BY checked_at DESC) AS place
    FROM
      comparisons
  ),
  checked AS (
    SELECT
      athlete_id,
      year,
      MAX(IF(place = 1, listed, NULL)) AS listed,
      MAX(IF(place = 1, held_back, NULL)) AS held_back,
      SUM(missing + changed + gone) AS healed,
      MAX(checked_at) AS checked_at,
      MAX(IF(whole, checked_at, NULL)) AS whole_checked_at
    FROM
      newest_first
    GROUP BY
      athlete_id,
      year
  ),
  here AS (
    SELECT
      athlete_id,
      year,
      COUNT(*) AS held,
      COUNTIF(detailed) AS detailed
    FROM
      activities
    GROUP BY
      athlete_id,
      year
  ),
  years AS (
    SELECT
      COALESCE(here.athlete_id, checked.athlete_id) AS athlete_id,
      COALESCE(here.year, checked.year) AS year,
      checked.listed,
      COALESCE(here.held, 0) AS held,
      COALESCE(here.detailed, 0) AS detailed,
      GREATEST(checked.listed - COALESCE(here.held, 0), 0) AS missing,
      COALESCE(checked.healed, 0) AS healed,
      checked.held_back,
      checked.checked_at,
      checked.whole_checked_at
    FROM
      here
    FULL JOIN
      checked
    ON
      here.athlete_id = checked.athlete_id
      AND here.year = checked.year
  )
  SELECT
    athlete_id,
    year,
    listed,
    held,
    detailed,
    missing,
    healed,
    held_back,
    checked_at,
    whole_checked_at,
    CONCAT(
      CAST(year AS STRING),
      ': ',
      CAST(held - GREATEST(held - COALESCE(listed, held), 0) AS STRING),
      COALESCE(CONCAT(' of ', CAST(listed AS STRING)), ''),
      IF(held > listed, CONCAT(' and ', CAST(held - listed AS STRING), ' more'), ''),
      IF(detailed < held, CONCAT(', ', CAST(detailed AS STRING), ' in detail'), ''),
      COALESCE(
        CONCAT(
          ', ',
          CAST(healed AS STRING),
          ' healed, checked ',
          FORMAT_TIMESTAMP('%Y-%m-%d %H:%M', checked_at)
        ),
        ', not checked yet'
      )
    ) AS told
  FROM
    years;
  CREATE OR REPLACE VIEW ${prefix}silver.aggregate_stream (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    distance OPTIONS (description = 'Metres from the start'),
    lat OPTIONS (description = 'Latitude in degrees'),
    lng OPTIONS (description = 'Longitude in degrees'),
    altitude OPTIONS (description = 'Altitude in metres'),
    velocity_smooth OPTIONS (description = 'Smoothed speed in metres per second'),
    heartrate OPTIONS (description = 'Heart rate in beats a minute'),
    cadence OPTIONS (description = 'Cadence in turns a minute'),
    watts OPTIONS (description = 'Power in watts'),
    power OPTIONS (description = 'The same as watts'),
    temp OPTIONS (description = 'Temperature in degrees Celsius'),
    moving OPTIONS (description = 'True when in motion'),
    grade_smooth OPTIONS (description = 'Smoothed grade in percent'),
    start_date OPTIONS (description = 'Start of the activity, as an instant; NULL while only its streams are here'),
    sport_type OPTIONS (description = 'Strava\'s sport type'),
    local_date OPTIONS (description = 'Day of the start on the athlete\'s wall clock')
  )
  OPTIONS (description = 'All streams side by side, under Strava\'s names; an activity without a time stream is here too; one row per activity and point') AS
  SELECT
    points.athlete_id,
    points.activity_id,
    points.index,
    points.t AS time,
    points.distance_m AS distance,
    points.lat,
    points.lng,
    points.altitude_m AS altitude,
    points.speed_mps AS velocity_smooth,
    points.heartrate_bpm AS heartrate,
    points.cadence_rpm AS cadence,
    points.power_w AS watts,
    points.power_w AS power,
    points.temp_c AS temp,
    points.moving,
    points.grade_pct AS grade_smooth,
    activities.started_at AS start_date,
    activities.sport_type,
    activities.local_date
  FROM
    ${prefix}silver.points AS points
  LEFT JOIN
    ${prefix}silver.activities AS activities
  ON
    points.athlete_id = activities.athlete_id
    AND points.activity_id = activities.activity_id;
  CREATE OR REPLACE VIEW ${prefix}silver.stream_cadence (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    activity_id OPTIONS (description = 'Strava\'s id of the activity'),
    index OPTIONS (description = 'Place of the point, from 0'),
    time OPTIONS (description = 'Seconds since the start; NULL without a time stream'),
    value OPTIONS (description = 'Cadence as sent: turns a minute; on foot mostly one leg\'s strides'),
    steps_per_min OPTIONS (description = 'On foot, steps of both legs a minute: twice the value, or the value itself where Strava\'s average is 120 or more and so of both legs already; NULL for other sports')
  )
  OPTIONS (description = 'The stream cadence; one row per activity and point that has a value') AS
  WITH on_foot AS (
    -- Strava tells one leg's; from 120 on average, some foot pods have counted both.
    SELECT
      athlete_id,
      activity_id,
      average_cadence_rpm >= 120 AS are_of_both_legs
    FROM
      ${prefix}silver.activities
    WHERE
      sport_type IN ('Run', 'TrailRun', 'VirtualRun', 'Walk', 'Hike')
  )
  SELECT
    points.athlete_id,
    points.activity_id,
    points.index,
    points.t AS time,
    points.cadence_rpm AS value,
    CASE
      WHEN on_foot.activity_id IS NULL THEN NULL
      WHEN COALESCE(on_foot.are_of_both_legs, points.cadence_rpm >= 120) THEN points.cadence_rpm
      ELSE 2 * points.cadence_rpm
    END AS steps_per_min
  FROM
    ${prefix}silver.points AS points
  LEFT JOIN
    on_foot
  ON
    points.athlete_id = on_foot.athlete_id
    AND points.activity_id = on_foot.activity_id
  WHERE
    points.cadence_rpm IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}strava.activities (
    id OPTIONS (description = 'Strava\'s id of the activity'),
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    name OPTIONS (description = 'The athlete\'s title of the activity'),
    sport_type OPTIONS (description = 'Strava\'s sport type, such as Run, TrailRun or Ride'),
    workout_type OPTIONS (description = 'Strava\'s workout code'),
    start_date OPTIONS (description = 'Start in UTC, without a zone, so that any client of DuckDB reads it'),
    start_date_local OPTIONS (description = 'Start, on the athlete\'s wall clock'),
    timezone OPTIONS (description = 'IANA name of the athlete\'s zone at the start'),
    utc_offset OPTIONS (description = 'Wall clock minus UTC at the start, in seconds'),
    distance OPTIONS (description = 'Metres'),
    moving_time OPTIONS (description = 'Seconds in motion'),
    elapsed_time OPTIONS (description = 'Seconds, pauses included'),
    total_elevation_gain OPTIONS (description = 'Metres climbed'),
    average_speed OPTIONS (description = 'Metres per second'),
    max_speed OPTIONS (description = 'Metres per second'),
    average_cadence OPTIONS (description = 'Turns, or one leg\'s strides, a minute'),
    average_watts OPTIONS (description = 'Watts; an estimate unless device_watts'),
    weighted_average_watts OPTIONS (description = 'Watts'),
    max_watts OPTIONS (description = 'Watts'),
    kilojoules OPTIONS (description = 'Kilojoules'),
    device_watts OPTIONS (description = 'True when the power was measured'),
    average_heartrate OPTIONS (description = 'Beats a minute'),
    max_heartrate OPTIONS (description = 'Beats a minute'),
    calories OPTIONS (description = 'Kilocalories'),
    suffer_score OPTIONS (description = 'Relative effort'),
    gear_id OPTIONS (description = 'Strava\'s id of the bike or the shoes'),
    trainer OPTIONS (description = 'True for an indoor trainer or treadmill'),
    commute OPTIONS (description = 'True when marked as a commute'),
    manual OPTIONS (description = 'True when typed in by hand'),
    private OPTIONS (description = 'True when only the athlete may see it'),
    visibility OPTIONS (description = 'everyone, followers_only or only_me'),
    kudos_count OPTIONS (description = 'Kudos when it was read'),
    comment_count OPTIONS (description = 'Comments when it was read'),
    achievement_count OPTIONS (description = 'Achievements when it was read'),
    pr_count OPTIONS (description = 'Personal records when it was read')
  )
  OPTIONS (description = 'Activities under Strava\'s own names and units; one row per activity') AS
  SELECT
    activity_id AS id,
    athlete_id,
    name,
    sport_type,
    workout_type,
    CAST(started_at AS DATETIME) AS start_date,
    started_local AS start_date_local,
    timezone,
    utc_offset_s AS utc_offset,
    distance_m AS distance,
    moving_time_s AS moving_time,
    elapsed_time_s AS elapsed_time,
    elevation_gain_m AS total_elevation_gain,
    average_speed_mps AS average_speed,
    max_speed_mps AS max_speed,
    average_cadence_rpm AS average_cadence,
    average_power_w AS average_watts,
    weighted_power_w AS weighted_average_watts,
    max_power_w AS max_watts,
    work_kj AS kilojoules,
    device_watts,
    average_heartrate_bpm AS average_heartrate,
    max_heartrate_bpm AS max_heartrate,
    calories_kcal AS calories,
    relative_effort AS suffer_score,
    gear_id,
    trainer,
    commute,
    manual,
    private,
    visibility,
    kudos_count,
    comment_count,
    achievement_count,
    pr_count
  FROM
    ${prefix}silver.activities;
  CREATE OR REPLACE VIEW ${prefix}strava.activity_details (
    id OPTIONS (description = 'Strava\'s id of the activity'),
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    json OPTIONS (description = 'What Strava said of it in detail, as JSON, without embed_token and the addresses of photos')
  )
  OPTIONS (description = 'What Strava said of an activity in detail; not here while only a list has shown it; one row per activity read in detail') AS
  SELECT
    activity_id AS id,
    athlete_id,
    raw_json AS json
  FROM
    ${prefix}silver.activities
  WHERE
    detailed
    AND raw_json IS NOT NULL;
  CREATE OR REPLACE VIEW ${prefix}marts.settings (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    name OPTIONS (description = 'ftp_w, threshold_hr_bpm, vt1_hr_bpm, vt2_hr_bpm, max_hr_bpm, rest_hr_bpm, weight_kg, threshold_speed_mps, css_mps, ctl_days, atl_days, ctl_seed, atl_seed, sex (1 male, 2 female, 0 unknown), or heart_rate_zone_1_min to heart_rate_zone_5_min (lower edges, beats a minute)'),
    value OPTIONS (description = 'The value, in the unit that the name ends with'),
    valid_from OPTIONS (description = 'First day of the athlete on which it holds; 1900-01-01 for the first value that is known'),
    valid_until OPTIONS (description = 'First day on which it no longer holds; NULL for what holds now'),
    source OPTIONS (description = 'athlete when given by hand, strava, or default'),
    version OPTIONS (description = 'When it was said or read, in microseconds since 1970; NULL for a default'),
    bronze_uri OPTIONS (description = 'The stored bytes that say so; NULL for a default')
  )
  OPTIONS (description = 'The settings that the marts are built with, from when to when each holds, and who said so; one row per athlete, setting and first day') AS
  WITH settings AS (
    SELECT
      *
    FROM
      ${prefix}silver.settings
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
    settings;
  CREATE OR REPLACE VIEW ${prefix}marts.gear_usage (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    gear_id OPTIONS (description = 'Strava\'s id of the bike or the shoes'),
    name OPTIONS (description = 'The athlete\'s name for it; NULL when Strava was not asked for it'),
    brand_name OPTIONS (description = 'Brand'),
    model_name OPTIONS (description = 'Model'),
    retired OPTIONS (description = 'True when it is no longer used'),
    activities OPTIONS (description = 'How many activities used it'),
    distance_m OPTIONS (description = 'Total distance of those in metres, to the millimetre; sum of distance_m, rounded to 0.001 m, over the activities that used it'),
    distance_km OPTIONS (description = 'distance_m in kilometres; distance_m / 1000'),
    distance_mi OPTIONS (description = 'distance_m in miles; distance_m / 1609.344'),
    strava_distance_km OPTIONS (description = 'What Strava counts for it, with what was there before the first activity; metres that Strava counts for it / 1000'),
    strava_distance_mi OPTIONS (description = 'The same in miles; metres that Strava counts for it / 1609.344'),
    moving_time_s OPTIONS (description = 'Total time in motion, in seconds'),
    elevation_gain_m OPTIONS (description = 'Total metres climbed; sum of elevation_gain_m, rounded to 0.001 m, over the activities that used it'),
    elevation_gain_ft OPTIONS (description = 'elevation_gain_m in feet; elevation_gain_m / 0.3048'),
    first_used_on OPTIONS (description = 'Day of the first activity; NULL when there is none'),
    last_used_on OPTIONS (description = 'Day of the last activity; NULL when there is none')
  )
  OPTIONS (description = 'What each bike and each pair of shoes was used for; one row per bike or pair of shoes') AS
  WITH activities AS (
    SELECT
      *
    FROM
      ${prefix}marts.activity_summary
    WHERE
      gear_id IS NOT NULL
  ),
  gear AS (
    SELECT
      *
    FROM
      ${prefix}silver.gear
  ),
  used AS (
    -- Sums are rounded, so that the order in which rows are added up does not show.
    SELECT
      athlete_id,
      gear_id,
      COUNT(*) AS activities,
      ROUND(COALESCE(SUM(distance_m), 0), 3) AS distance_m,
      COALESCE(SUM(moving_time_s), 0) AS moving_time_s,
      ROUND(COALESCE(SUM(elevation_gain_m), 0), 3) AS elevation_gain_m,
      MIN(local_date) AS first_used_on,
      MAX(local_date) AS last_used_on
    FROM
      activities
    GROUP BY
      athlete_id,
      gear_id
  )
  SELECT
    COALESCE(used.athlete_id, gear.athlete_id) AS athlete_id,
    COALESCE(used.gear_id, gear.gear_id) AS gear_id,
    gear.name,
    gear.brand_name,
    gear.model_name,
    gear.retired,
    COALESCE(used.activities, 0) AS activities,
    COALESCE(used.distance_m, 0) AS distance_m,
    COALESCE(used.distance_m, 0) / 1000 AS distance_km,
    COALESCE(used.distance_m, 0) / 1609.344 AS distance_mi,
    gear.distance_m / 1000 AS strava_distance_km,
    gear.distance_m / 1609.344 AS strava_distance_mi,
    COALESCE(used.moving_time_s, 0) AS moving_time_s,
    COALESCE(used.elevation_gain_m, 0) AS elevation_gain_m,
    COALESCE(used.elevation_gain_m, 0) / 0.3048 AS elevation_gain_ft,
    used.first_used_on,
    used.last_used_on
  FROM
    used
  FULL JOIN
    gear
  ON
    used.athlete_id = gear.athlete_id
    AND used.gear_id = gear.gear_id;
  CREATE OR REPLACE VIEW ${prefix}silver.sport_days (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    local_date OPTIONS (description = 'Day of the start on the athlete\'s wall clock'),
    sport_group OPTIONS (description = 'Group of the sport types, from silver.sports; all for all of them together'),
    activities OPTIONS (description = 'How many activities'),
    distance_m OPTIONS (description = 'Total distance in metres, to the millimetre'),
    moving_time_s OPTIONS (description = 'Total time in motion, in seconds'),
    elevation_gain_m OPTIONS (description = 'Total metres climbed')
  )
  OPTIONS (description = 'What an athlete did on a day, by group of sports, and all together; one row per athlete, day and sport group') AS
  WITH activities AS (
    SELECT
      *
    FROM
      ${prefix}silver.grouped_activities
  ),
  counted AS (
    SELECT
      athlete_id,
      local_date,
      sport_group,
      distance_m,
      moving_time_s,
      elevation_gain_m
    FROM
      activities
    UNION ALL
    SELECT
      athlete_id,
      local_date,
      'all',
      distance_m,
      moving_time_s,
      elevation_gain_m
    FROM
      activities
  )
  SELECT
    athlete_id,
    local_date,
    sport_group,
    COUNT(*) AS activities,
    -- Sums are rounded, so that the order in which rows are added up does not show.
    ROUND(COALESCE(SUM(distance_m), 0), 3) AS distance_m,
    COALESCE(SUM(moving_time_s), 0) AS moving_time_s,
    ROUND(COALESCE(SUM(elevation_gain_m), 0), 3) AS elevation_gain_m
  FROM
    counted
  GROUP BY
    athlete_id,
    local_date,
    sport_group;
  CREATE OR REPLACE VIEW ${prefix}marts.heat_cells (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    sport_group OPTIONS (description = 'Group of the sport type, from silver.sports'),
    lat OPTIONS (description = 'Latitude of the middle of the cell, in degrees; (lat_cell + 0.5) / 1000, cells being thousandths of a degree'),
    lng OPTIONS (description = 'Longitude of the middle of the cell, in degrees; (lng_cell + 0.5) / 1000, likewise'),
    activities OPTIONS (description = 'How many activities of the group led through it')
  )
  OPTIONS (description = 'How many activities led through each cell of a grid of a thousandth of a degree; see silver.activity_cells for what is left out; one row per athlete, sport group and cell') AS
  WITH cells AS (
    SELECT
      *
    FROM
      ${prefix}silver.activity_cells
  ),
  counts AS (
    SELECT
      athlete_id,
      sport_group,
      lat_cell,
      lng_cell,
      COUNT(*) AS activities
    FROM
      cells
    GROUP BY
      athlete_id,
      sport_group,
      lat_cell,
      lng_cell
  )
  SELECT
    athlete_id,
    sport_group,
    (lat_cell + 0.5) / 1000 AS lat,
    (lng_cell + 0.5) / 1000 AS lng,
    activities
  FROM
    counts;
  CREATE OR REPLACE VIEW ${prefix}silver.curve_bests (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    sport_group OPTIONS (description = 'Group of the sport type, from silver.sports'),
    curve OPTIONS (description = 'power, heartrate or speed'),
    period OPTIONS (description = '90 days, all, or a calendar year such as 2024'),
    duration_s OPTIONS (description = 'Seconds of the window'),
    value OPTIONS (description = 'Best mean over the duration: watts, beats a minute, or metres a second'),
    activity_id OPTIONS (description = 'The activity that has it; of equals the first'),
    local_date OPTIONS (description = 'Day of that activity on the athlete\'s wall clock')
  )
  OPTIONS (description = 'The best of the curves of many activities: of the 90 days up to the athlete\'s today, of each calendar year, and of all time; one row per athlete, sport group, curve, period and duration') AS
  WITH today AS (
    SELECT
      *
    FROM
      ${prefix}silver.today
  ),
  greatest AS (
    -- Few numbers of many points: only points that have one of them are ranked.
    SELECT
      athlete_id,
      sport_group,
      curve,
      year,
      duration_s,
      MAX(value) AS value
    FROM
      ${prefix}silver.curve_points
    GROUP BY
      athlete_id,
      sport_group,
      curve,
      year,
      duration_s
  ),
  of_years AS (
    SELECT
      points.*
    FROM
      ${prefix}silver.curve_points AS points
    INNER JOIN
      greatest
    ON
      points.athlete_id = greatest.athlete_id
      AND points.sport_group = greatest.sport_group
      AND points.curve = greatest.curve
      AND points.year = greatest.year
      AND points.duration_s = greatest.duration_s
      AND points.value = greatest.value
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY
          points.athlete_id,
          points.sport_group,
          points.curve,
          points.year,
          points.duration_s
        ORDER BY points.started_at, points.activity_id
      ) = 1
  ),
  candidates AS (
    SELECT
      athlete_id,
      sport_group,
      curve,
      CAST(year AS STRING) AS period,
      duration_s,
      value,
      started_at,
      activity_id,
      local_date
    FROM
      of_years
    UNION ALL
    -- The best of all time is the best of a year.
    SELECT
      athlete_id,
      sport_group,
      curve,
      'all',
      duration_s,
      value,
      started_at,
      activity_id,
      local_date
    FROM
      of_years
    UNION ALL
    SELECT
      points.athlete_id,
      points.sport_group,
      points.curve,
      '90 days',
      points.duration_s,
      points.value,
      points.started_at,
      points.activity_id,
      points.local_date
    FROM
      ${prefix}silver.curve_points AS points
    INNER JOIN
      today
    ON
      points.athlete_id = today.athlete_id
      AND points.local_date > CAST(DATE_SUB(today.local_date, INTERVAL 90 DAY) AS DATE)
  )
  SELECT
    athlete_id,
    sport_group,
    curve,
    period,
    duration_s,
    value,
    activity_id,
    local_date
  FROM
    candidates
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, sport_group, curve, period, duration_s
      ORDER BY value DESC, started_at, activity_id
    ) = 1;
  CREATE OR REPLACE VIEW ${prefix}marts.records (
    athlete_id OPTIONS (description = 'Strava\'s id of the athlete'),
    sport_group OPTIONS (description = 'Group of the sport type, from silver.sports'),
    indoor OPTIONS (description = 'True on a trainer or treadmill and in virtual worlds: those have records of their own'),
    record OPTIONS (description = 'best_effort (runs and rides), longest_distance, longest_time, biggest_climb, fastest_average (of 20 minutes and more), peak_power (measured, from 1 s to an hour; marts.power_curve has more durations), peak_heartrate'),
    extent OPTIONS (description = 'Metres of a best_effort, seconds of a peak_power; 0 for the others'),
    name OPTIONS (description = 'What to call it, such as best effort 5 km or peak power 60 s'),
    activity_id OPTIONS (description = 'The activity that set it; of equals the first by its start'),
    sport_type OPTIONS (description = 'Strava\'s sport type of that activity'),
    activity_name OPTIONS (description = 'The athlete\'s title of that activity'),
    commute OPTIONS (description = 'True when that activity is marked as a commute'),
    race OPTIONS (description = 'True when that activity is marked as a race: its fastest_average is over elapsed time, that of others over moving time'),
    local_date OPTIONS (description = 'Day of that activity on the athlete\'s wall clock'),
    started_at OPTIONS (description = 'Start of that activity, as an instant'),
    value OPTIONS (description = 'The record in unit; the least for best_effort, else the greatest; by record: least elapsed seconds over extent metres; greatest mean watts over extent seconds; greatest bpm, metres, moving seconds or metres climbed; distance_m / moving_time_s, of races distance_m / elapsed_time_s'),
    unit OPTIONS (description = 's, m, m/s, W or bpm'),
    distance_km OPTIONS (description = 'Kilometres of a best_effort or longest_distance; (extent of a best_effort, value of a longest_distance) / 1000'),
    distance_mi OPTIONS (description = 'The same in miles; distance_km / 1.609344'),
    speed_kmh OPTIONS (description = 'Speed of a best_effort or fastest_average in km/h; 3.6 x extent / value for a best_effort, 3.6 x value for a fastest_average'),
    speed_mph OPTIONS (description = 'The same in miles per hour; speed_kmh / 1.609344'),
    pace_s_per_km OPTIONS (description = 'Pace of a best_effort or fastest_average in seconds per kilometre; 3600 / speed_kmh'),
    pace_s_per_mi OPTIONS (description = 'The same in seconds per mile; 3600 / speed_mph'),
    pace_s_per_100m OPTIONS (description = 'Swims: the same in seconds per 100 metres; 360 / speed_kmh'),
    pace_s_per_100yd OPTIONS (description = 'Swims: the same in seconds per 100 yards; 0.9144 x pace_s_per_100m'),
    elevation_gain_m OPTIONS (description = 'Metres of a biggest_climb; value of a biggest_climb'),
    elevation_gain_ft OPTIONS (description = 'The same in feet; elevation_gain_m / 0.3048'),
    start_index OPTIONS (description = 'Place in the stream where a best_effort begins'),
    end_index OPTIONS (description = 'Place in the stream where a best_effort ends'),
    previous_value OPTIONS (description = 'The record that it broke; NULL for the first; value of the record before it')
  )
  OPTIONS (description = 'Personal records as they stand; flagged activities set none; one row per record') AS
  WITH history AS (
    SELECT
      *
    FROM
      ${prefix}marts.record_history
  )
  SELECT
    athlete_id,
    sport_group,
    indoor,
    record,
    extent,
    name,
    activity_id,
    sport_type,
    activity_name,
    commute,
    race,
    local_date,
    started_at,
    value,
    unit,
    distance_km,
    distance_mi,
    speed_kmh,
    speed_mph,
    pace_s_per_km,
    pace_s_per_mi,
    pace_s_per_100m,
    pace_s_per_100yd,
    elevation_gain_m,
    elevation_gain_ft,
    start_index,
    end_index,
    previous_value
  FROM
    history
  WHERE
    broken_on IS NULL;
  CREATE OR REPLACE VIEW ${prefix}marts.routes_geography
  OPTIONS (description = 'Lines to draw on a map. Activities that only the athlete may see are not here; of the others the whole line is, up to both ends. In BigQuery the view routes_geography has the same rows with start_point, end_point and line as GEOGRAPHY; one row per activity with a line') AS
  -- For BigQuery alone: its maps and ST_ functions want GEOGRAPHY. No table holds one, because DuckDB
  -- knows places only by an extension that it would fetch; there, line_wkt is what such tools read.
  SELECT
    routes.*,
    SAFE.ST_GEOGPOINT(routes.start_lng, routes.start_lat) AS start_point,
    SAFE.ST_GEOGPOINT(routes.end_lng, routes.end_lat) AS end_point,
    SAFE.ST_GEOGFROMTEXT(routes.line_wkt) AS line
  FROM
    ${prefix}marts.routes AS routes;

  CREATE TEMP TABLE touched_activities AS
  WITH landed AS (
    SELECT
      athlete_id,
      activity_id,
      ingested_at
    FROM
      ${prefix}landing.activities
    UNION ALL
    SELECT
      athlete_id,
      activity_id,
      ingested_at
    FROM
      ${prefix}landing.streams
    UNION ALL
    SELECT
      athlete_id,
      activity_id,
      ingested_at
    FROM
      ${prefix}landing.metrics
  ),
  watermark AS (
    -- No watermark yet means that everything is new.
    SELECT
      COALESCE(MAX(ingested_at), TIMESTAMP '1970-01-01 00:00:00+00') AS ingested_at
    FROM
      ${prefix}ops.watermarks
    WHERE
      name = 'landing'
  )
  SELECT DISTINCT
    landed.athlete_id,
    landed.activity_id
  FROM
    landed
  INNER JOIN
    watermark
  ON
    landed.ingested_at > watermark.ingested_at;

  CREATE TEMP TABLE touched_settings AS
  WITH landed AS (
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.settings
    UNION ALL
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.athletes
    UNION ALL
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.zones
    UNION ALL
    -- It says on which day of the athlete something was read.
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.activities
  ),
  watermark AS (
    -- No watermark yet means that everything is new.
    SELECT
      COALESCE(MAX(ingested_at), TIMESTAMP '1970-01-01 00:00:00+00') AS ingested_at
    FROM
      ${prefix}ops.watermarks
    WHERE
      name = 'landing'
  )
  SELECT DISTINCT
    landed.athlete_id
  FROM
    landed
  INNER JOIN
    watermark
  ON
    landed.ingested_at > watermark.ingested_at;

  CREATE TEMP TABLE touched_days AS
  WITH touched AS (
    SELECT
      athlete_id,
      activity_id
    FROM
      touched_activities
  ),
  now_or_before AS (
    -- Landing has the days they move to, silver the days they leave: it is read before it is rebuilt.
    SELECT
      athlete_id,
      activity_id,
      local_date
    FROM
      ${prefix}landing.activities
    UNION ALL
    SELECT
      athlete_id,
      activity_id,
      local_date
    FROM
      ${prefix}silver.activities
  ),
  settings_now AS (
    SELECT
      athlete_id,
      name,
      value,
      source,
      valid_from,
      COALESCE(valid_until, DATE '9999-12-31') AS valid_until
    FROM
      ${prefix}silver.known_settings
  ),
  settings_before AS (
    -- What the marts were last built with: it too is read before it is rebuilt.
    SELECT
      athlete_id,
      name,
      value,
      source,
      valid_from,
      COALESCE(valid_until, DATE '9999-12-31') AS valid_until
    FROM
      ${prefix}silver.settings
  ),
  differing AS (
    SELECT
      *
    FROM
      (SELECT * FROM settings_now EXCEPT DISTINCT SELECT * FROM settings_before) AS new_rows
    UNION ALL
    SELECT
      *
    FROM
      (SELECT * FROM settings_before EXCEPT DISTINCT SELECT * FROM settings_now) AS old_rows
  ),
  differing_names AS (
    SELECT DISTINCT
      athlete_id,
      name
    FROM
      differing
  ),
  days_of_theirs AS (
    SELECT DISTINCT
      activities.athlete_id,
      differing_names.name,
      activities.local_date
    FROM
      ${prefix}silver.activities AS activities
    INNER JOIN
      differing_names
    ON
      activities.athlete_id = differing_names.athlete_id
  ),
  revalued AS (
    -- A row that only ends on another day has touched no day before that.
    SELECT
      days_of_theirs.athlete_id,
      days_of_theirs.local_date
    FROM
      days_of_theirs
    LEFT JOIN
      settings_now
    ON
      days_of_theirs.athlete_id = settings_now.athlete_id
      AND days_of_theirs.name = settings_now.name
      AND days_of_theirs.local_date >= settings_now.valid_from
      AND days_of_theirs.local_date < settings_now.valid_until
    LEFT JOIN
      settings_before
    ON
      days_of_theirs.athlete_id = settings_before.athlete_id
      AND days_of_theirs.name = settings_before.name
      AND days_of_theirs.local_date >= settings_before.valid_from
      AND days_of_theirs.local_date < settings_before.valid_until
    WHERE
      settings_now.value IS DISTINCT FROM settings_before.value
      OR settings_now.source IS DISTINCT FROM settings_before.source
  ),
  clock AS (
    SELECT
      MAX(set_at) AS set_at
    FROM
      ${prefix}ops.clock
  ),
  passed AS (
    -- It is another day for the athlete than when the marts were built.
    SELECT
      today.athlete_id,
      CAST(DATE_ADD(today.local_date, INTERVAL 1 DAY) AS DATE) AS local_date
    FROM
      ${prefix}silver.today AS today
    INNER JOIN
      clock
    ON
      DATE(TIMESTAMP_ADD(clock.set_at, INTERVAL today.utc_offset_s SECOND)) > today.local_date
  ),
  days AS (
    SELECT
      now_or_before.athlete_id,
      now_or_before.local_date
    FROM
      now_or_before
    INNER JOIN
      touched
    ON
      now_or_before.athlete_id = touched.athlete_id
      AND now_or_before.activity_id = touched.activity_id
    WHERE
      now_or_before.local_date IS NOT NULL
    UNION ALL
    SELECT
      athlete_id,
      local_date
    FROM
      revalued
    UNION ALL
    SELECT
      athlete_id,
      local_date
    FROM
      passed
    UNION ALL
    -- What a run that was stopped half way, or blocked, still had to rebuild.
    SELECT
      athlete_id,
      local_date
    FROM
      ${prefix}ops.unfinished_days
  )
  SELECT DISTINCT
    athlete_id,
    local_date
  FROM
    days;

  INSERT INTO ${prefix}ops.unfinished_days (athlete_id, local_date) SELECT athlete_id, local_date FROM touched_days EXCEPT DISTINCT SELECT athlete_id, local_date FROM ${prefix}ops.unfinished_days;

  CREATE TEMP TABLE touched_athletes AS
  WITH days AS (
    SELECT
      athlete_id
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id
  FROM
    days;

  CREATE TEMP TABLE touched_months AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id,
    EXTRACT(YEAR FROM local_date) AS year,
    EXTRACT(MONTH FROM local_date) AS month
  FROM
    days;

  CREATE TEMP TABLE touched_weeks AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id,
    CAST(DATE_TRUNC(local_date, ISOWEEK) AS DATE) AS week_start
  FROM
    days;

  CREATE TEMP TABLE touched_years AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id,
    EXTRACT(YEAR FROM local_date) AS year
  FROM
    days;

  CREATE TEMP TABLE touched_athletes_from AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  ),
  activities AS (
    -- Before or after it is rebuilt: what is read of it is before all touched days.
    SELECT
      athlete_id,
      local_date
    FROM
      ${prefix}silver.activities
  ),
  first_days AS (
    SELECT
      athlete_id,
      MIN(local_date) AS local_date
    FROM
      days
    GROUP BY
      athlete_id
  ),
  last_days_before AS (
    SELECT
      first_days.athlete_id,
      MAX(activities.local_date) AS local_date
    FROM
      first_days
    INNER JOIN
      activities
    ON
      first_days.athlete_id = activities.athlete_id
      AND activities.local_date < first_days.local_date
    GROUP BY
      first_days.athlete_id
  )
  SELECT
    first_days.athlete_id,
    -- The days in between are empty, and may no longer be there when the last activity goes.
    COALESCE(
      CAST(DATE_ADD(last_days_before.local_date, INTERVAL 1 DAY) AS DATE),
      first_days.local_date
    ) AS from_date
  FROM
    first_days
  LEFT JOIN
    last_days_before
  ON
    first_days.athlete_id = last_days_before.athlete_id;

  CREATE TEMP TABLE touched_loads AS
  WITH changed AS (
    SELECT
      athlete_id,
      activity_id
    FROM
      touched_activities
  ),
  days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  ),
  activities AS (
    -- Before or after it is rebuilt: what changed is named above in either case.
    SELECT
      athlete_id,
      activity_id,
      local_date
    FROM
      ${prefix}silver.activities
  ),
  keys AS (
    SELECT
      athlete_id,
      activity_id
    FROM
      changed
    UNION ALL
    SELECT
      activities.athlete_id,
      activities.activity_id
    FROM
      activities
    INNER JOIN
      days
    ON
      activities.athlete_id = days.athlete_id
      AND activities.local_date = days.local_date
  )
  SELECT DISTINCT
    athlete_id,
    activity_id
  FROM
    keys;

  CREATE OR REPLACE TEMP TABLE touched_activities AS
  WITH landed AS (
    SELECT
      athlete_id,
      activity_id,
      ingested_at
    FROM
      ${prefix}landing.activities
    UNION ALL
    SELECT
      athlete_id,
      activity_id,
      ingested_at
    FROM
      ${prefix}landing.streams
    UNION ALL
    SELECT
      athlete_id,
      activity_id,
      ingested_at
    FROM
      ${prefix}landing.metrics
  ),
  watermark AS (
    -- No watermark yet means that everything is new.
    SELECT
      COALESCE(MAX(ingested_at), TIMESTAMP '1970-01-01 00:00:00+00') AS ingested_at
    FROM
      (SELECT * FROM ${prefix}ops.watermarks AS src WHERE FALSE) AS watermarks
    WHERE
      name = 'landing'
  )
  SELECT DISTINCT
    landed.athlete_id,
    landed.activity_id
  FROM
    landed
  INNER JOIN
    watermark
  ON
    landed.ingested_at > watermark.ingested_at;

  CREATE OR REPLACE TEMP TABLE touched_settings AS
  WITH landed AS (
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.settings
    UNION ALL
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.athletes
    UNION ALL
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.zones
    UNION ALL
    -- It says on which day of the athlete something was read.
    SELECT
      athlete_id,
      ingested_at
    FROM
      ${prefix}landing.activities
  ),
  watermark AS (
    -- No watermark yet means that everything is new.
    SELECT
      COALESCE(MAX(ingested_at), TIMESTAMP '1970-01-01 00:00:00+00') AS ingested_at
    FROM
      (SELECT * FROM ${prefix}ops.watermarks AS src WHERE FALSE) AS watermarks
    WHERE
      name = 'landing'
  )
  SELECT DISTINCT
    landed.athlete_id
  FROM
    landed
  INNER JOIN
    watermark
  ON
    landed.ingested_at > watermark.ingested_at;

  CREATE OR REPLACE TEMP TABLE touched_days AS
  WITH touched AS (
    SELECT
      athlete_id,
      activity_id
    FROM
      touched_activities
  ),
  now_or_before AS (
    -- Landing has the days they move to, silver the days they leave: it is read before it is rebuilt.
    SELECT
      athlete_id,
      activity_id,
      local_date
    FROM
      ${prefix}landing.activities
    UNION ALL
    SELECT
      athlete_id,
      activity_id,
      local_date
    FROM
      ${prefix}silver.activities
  ),
  settings_now AS (
    SELECT
      athlete_id,
      name,
      value,
      source,
      valid_from,
      COALESCE(valid_until, DATE '9999-12-31') AS valid_until
    FROM
      ${prefix}silver.known_settings
  ),
  settings_before AS (
    -- What the marts were last built with: it too is read before it is rebuilt.
    SELECT
      athlete_id,
      name,
      value,
      source,
      valid_from,
      COALESCE(valid_until, DATE '9999-12-31') AS valid_until
    FROM
      ${prefix}silver.settings
  ),
  differing AS (
    SELECT
      *
    FROM
      (SELECT * FROM settings_now EXCEPT DISTINCT SELECT * FROM settings_before) AS new_rows
    UNION ALL
    SELECT
      *
    FROM
      (SELECT * FROM settings_before EXCEPT DISTINCT SELECT * FROM settings_now) AS old_rows
  ),
  differing_names AS (
    SELECT DISTINCT
      athlete_id,
      name
    FROM
      differing
  ),
  days_of_theirs AS (
    SELECT DISTINCT
      activities.athlete_id,
      differing_names.name,
      activities.local_date
    FROM
      ${prefix}silver.activities AS activities
    INNER JOIN
      differing_names
    ON
      activities.athlete_id = differing_names.athlete_id
  ),
  revalued AS (
    -- A row that only ends on another day has touched no day before that.
    SELECT
      days_of_theirs.athlete_id,
      days_of_theirs.local_date
    FROM
      days_of_theirs
    LEFT JOIN
      settings_now
    ON
      days_of_theirs.athlete_id = settings_now.athlete_id
      AND days_of_theirs.name = settings_now.name
      AND days_of_theirs.local_date >= settings_now.valid_from
      AND days_of_theirs.local_date < settings_now.valid_until
    LEFT JOIN
      settings_before
    ON
      days_of_theirs.athlete_id = settings_before.athlete_id
      AND days_of_theirs.name = settings_before.name
      AND days_of_theirs.local_date >= settings_before.valid_from
      AND days_of_theirs.local_date < settings_before.valid_until
    WHERE
      settings_now.value IS DISTINCT FROM settings_before.value
      OR settings_now.source IS DISTINCT FROM settings_before.source
  ),
  clock AS (
    SELECT
      MAX(set_at) AS set_at
    FROM
      ${prefix}ops.clock
  ),
  passed AS (
    -- It is another day for the athlete than when the marts were built.
    SELECT
      today.athlete_id,
      CAST(DATE_ADD(today.local_date, INTERVAL 1 DAY) AS DATE) AS local_date
    FROM
      ${prefix}silver.today AS today
    INNER JOIN
      clock
    ON
      DATE(TIMESTAMP_ADD(clock.set_at, INTERVAL today.utc_offset_s SECOND)) > today.local_date
  ),
  days AS (
    SELECT
      now_or_before.athlete_id,
      now_or_before.local_date
    FROM
      now_or_before
    INNER JOIN
      touched
    ON
      now_or_before.athlete_id = touched.athlete_id
      AND now_or_before.activity_id = touched.activity_id
    WHERE
      now_or_before.local_date IS NOT NULL
    UNION ALL
    SELECT
      athlete_id,
      local_date
    FROM
      revalued
    UNION ALL
    SELECT
      athlete_id,
      local_date
    FROM
      passed
    UNION ALL
    -- What a run that was stopped half way, or blocked, still had to rebuild.
    SELECT
      athlete_id,
      local_date
    FROM
      ${prefix}ops.unfinished_days
  )
  SELECT DISTINCT
    athlete_id,
    local_date
  FROM
    days;

  CREATE OR REPLACE TEMP TABLE touched_athletes AS
  WITH days AS (
    SELECT
      athlete_id
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id
  FROM
    days;

  CREATE OR REPLACE TEMP TABLE touched_months AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id,
    EXTRACT(YEAR FROM local_date) AS year,
    EXTRACT(MONTH FROM local_date) AS month
  FROM
    days;

  CREATE OR REPLACE TEMP TABLE touched_weeks AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id,
    CAST(DATE_TRUNC(local_date, ISOWEEK) AS DATE) AS week_start
  FROM
    days;

  CREATE OR REPLACE TEMP TABLE touched_years AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  )
  SELECT DISTINCT
    athlete_id,
    EXTRACT(YEAR FROM local_date) AS year
  FROM
    days;

  CREATE OR REPLACE TEMP TABLE touched_athletes_from AS
  WITH days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  ),
  activities AS (
    -- Before or after it is rebuilt: what is read of it is before all touched days.
    SELECT
      athlete_id,
      local_date
    FROM
      ${prefix}silver.activities
  ),
  first_days AS (
    SELECT
      athlete_id,
      MIN(local_date) AS local_date
    FROM
      days
    GROUP BY
      athlete_id
  ),
  last_days_before AS (
    SELECT
      first_days.athlete_id,
      MAX(activities.local_date) AS local_date
    FROM
      first_days
    INNER JOIN
      activities
    ON
      first_days.athlete_id = activities.athlete_id
      AND activities.local_date < first_days.local_date
    GROUP BY
      first_days.athlete_id
  )
  SELECT
    first_days.athlete_id,
    -- The days in between are empty, and may no longer be there when the last activity goes.
    COALESCE(
      CAST(DATE_ADD(last_days_before.local_date, INTERVAL 1 DAY) AS DATE),
      first_days.local_date
    ) AS from_date
  FROM
    first_days
  LEFT JOIN
    last_days_before
  ON
    first_days.athlete_id = last_days_before.athlete_id;

  CREATE OR REPLACE TEMP TABLE touched_loads AS
  WITH changed AS (
    SELECT
      athlete_id,
      activity_id
    FROM
      touched_activities
  ),
  days AS (
    SELECT
      athlete_id,
      local_date
    FROM
      touched_days
  ),
  activities AS (
    -- Before or after it is rebuilt: what changed is named above in either case.
    SELECT
      athlete_id,
      activity_id,
      local_date
    FROM
      ${prefix}silver.activities
  ),
  keys AS (
    SELECT
      athlete_id,
      activity_id
    FROM
      changed
    UNION ALL
    SELECT
      activities.athlete_id,
      activities.activity_id
    FROM
      activities
    INNER JOIN
      days
    ON
      activities.athlete_id = days.athlete_id
      AND activities.local_date = days.local_date
  )
  SELECT DISTINCT
    athlete_id,
    activity_id
  FROM
    keys;

  SET touched_count = (SELECT COUNT(*) FROM touched_activities);

  -- silver.metrics: one row per activity with streams
  BEGIN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}silver.metrics AS target WHERE TRUE;
    INSERT INTO ${prefix}silver.metrics (athlete_id, activity_id, version, source, bronze_uri, trace, points, recorded_s, paused_s, moving_s, average_power_w, max_power_w, normalized_power_w, work_kj, power_coverage, average_heartrate_bpm, max_heartrate_bpm, heartrate_coverage, power_curve, heartrate_curve, speed_curve, power_histogram, heartrate_histogram, xpower_w, decoupling_power_pct, decoupling_speed_pct, elevation_gain_m, elevation_loss_m, gap_speed_mps, minetti_speed_mps, efforts, distance_m, altitude_coverage, speed_coverage, speed_curve_on_foot, efforts_on_foot, speed_coverage_on_foot)
    WITH landed AS (
      SELECT
        *
      FROM
        ${prefix}landing.metrics
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
      op = 'upsert';
    SET failed_check = CASE
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.metrics AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id must be different in every row'
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.metrics AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.version IS NULL OR target.source IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, version, source'
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.metrics AS target WHERE (target.recorded_s < 0 OR target.paused_s < 0 OR target.power_coverage < 0 OR target.power_coverage > 1 OR target.heartrate_coverage < 0 OR target.heartrate_coverage > 1 OR target.altitude_coverage < 0 OR target.altitude_coverage > 1 OR target.speed_coverage < 0 OR target.speed_coverage > 1 OR target.speed_coverage_on_foot < 0 OR target.speed_coverage_on_foot > 1) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'range: a value outside of what there can be in recorded_s, paused_s, power_coverage, heartrate_coverage, altitude_coverage, speed_coverage, speed_coverage_on_foot'
      WHEN EXISTS (-- Not "normalised power is at least mean power": its windows weigh the first and the last 29 seconds
    -- less, so that a hard start or finish can put it below. What they leave out is worth 29 seconds
    -- of the greatest power at most.
    SELECT 1
    FROM (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS metrics
    WHERE
      metrics.normalized_power_w > metrics.max_power_w + 0.000001
      OR metrics.normalized_power_w * (metrics.recorded_s - 29)
      < 1000 * metrics.work_kj - 29 * metrics.max_power_w - 0.000001 * metrics.recorded_s) THEN 'power_possible: normalised power is above the greatest power, or below the mean of 30 s'
      WHEN EXISTS (SELECT 1
    FROM (
      SELECT
        metrics.recorded_s,
        CAST(ROUND(metrics.heartrate_coverage * metrics.recorded_s) AS INT64) AS with_heartrate_s,
        (SELECT SUM(bar.seconds) FROM UNNEST(metrics.power_histogram) AS bar) AS power_s,
        (SELECT SUM(bar.seconds) FROM UNNEST(metrics.heartrate_histogram) AS bar) AS heartrate_s
      FROM
        (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS metrics
    ) AS counted
    WHERE
      counted.power_s != counted.recorded_s
      OR counted.heartrate_s != counted.with_heartrate_s) THEN 'every_second_counted: a histogram does not add up to the recorded seconds with a value'
      WHEN EXISTS (SELECT 1
    FROM (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS built
    INNER JOIN (SELECT * FROM ${prefix}landing.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS landed
    ON
      built.athlete_id = landed.athlete_id
      AND built.activity_id = landed.activity_id
    WHERE
      landed.version > built.version) THEN 'fresh: a newer version has landed than the row shows'
    END;
    IF failed_check IS NOT NULL THEN
      RAISE USING MESSAGE = failed_check;
    END IF;
    COMMIT TRANSACTION;
    SET built_names = ARRAY_CONCAT(built_names, ['silver.metrics']);
  EXCEPTION WHEN ERROR THEN
    ROLLBACK TRANSACTION;
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.metrics', @@error.message);
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.metrics']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
  END;

  -- silver.streams: one row per activity and chunk
  BEGIN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}silver.streams AS target WHERE TRUE;
    INSERT INTO ${prefix}silver.streams (athlete_id, activity_id, version, source, bronze_uri, trace, chunk, chunks, points, resolution, original_size, series_type)
    WITH landed AS (
      SELECT
        *
      FROM
        ${prefix}landing.streams
    ),
    newest AS (
      -- Without the points, and not from `landed`: what two read is kept in memory as a whole.
      SELECT
        athlete_id,
        activity_id,
        version,
        op,
        chunks
      FROM
        ${prefix}landing.streams
      QUALIFY
        ROW_NUMBER() OVER (
          PARTITION BY athlete_id, activity_id
          ORDER BY version DESC, bronze_uri DESC, ingested_at DESC
        ) = 1
    ),
    newest_chunks AS (
      SELECT
        landed.*
      FROM
        landed
      INNER JOIN
        newest
      ON
        landed.athlete_id = newest.athlete_id
        AND landed.activity_id = newest.activity_id
        AND landed.version = newest.version
        AND landed.op = newest.op
        AND landed.chunks = newest.chunks
      WHERE
        newest.op = 'upsert'
      QUALIFY
        -- A version that landed twice is one version; the later reading of a chunk wins.
        ROW_NUMBER() OVER (
          PARTITION BY landed.athlete_id, landed.activity_id, landed.chunk
          ORDER BY landed.bronze_uri DESC, landed.ingested_at DESC
        ) = 1
    )
    SELECT
      athlete_id,
      activity_id,
      version,
      source,
      bronze_uri,
      trace,
      chunk,
      chunks,
      points,
      resolution,
      original_size,
      series_type
    FROM
      newest_chunks;
    SET failed_check = CASE
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.streams AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id, target.chunk HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id, chunk must be different in every row'
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.streams AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.version IS NULL OR target.source IS NULL OR target.chunk IS NULL OR target.chunks IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, version, source, chunk, chunks'
    END;
    IF failed_check IS NOT NULL THEN
      RAISE USING MESSAGE = failed_check;
    END IF;
    COMMIT TRANSACTION;
    SET built_names = ARRAY_CONCAT(built_names, ['silver.streams']);
  EXCEPTION WHEN ERROR THEN
    ROLLBACK TRANSACTION;
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.streams', @@error.message);
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.streams']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
  END;

  -- silver.activities: one row per activity
  BEGIN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}silver.activities AS target WHERE TRUE;
    INSERT INTO ${prefix}silver.activities (athlete_id, activity_id, version, source, bronze_uri, trace, detailed, name, description, private_note, sport_type, workout_type, started_at, started_local, local_date, timezone, utc_offset_s, distance_m, moving_time_s, moving_time_clamped, elapsed_time_s, elevation_gain_m, elevation_high_m, elevation_low_m, average_speed_mps, max_speed_mps, average_cadence_rpm, average_temp_c, average_power_w, weighted_power_w, max_power_w, work_kj, device_watts, has_heartrate, heartrate_opt_out, average_heartrate_bpm, max_heartrate_bpm, calories_kcal, relative_effort, perceived_exertion, prefer_perceived_exertion, gear_id, device_name, upload_id, external_id, trainer, commute, manual, private, flagged, visibility, hide_from_home, from_accepted_tag, kudos_count, comment_count, achievement_count, pr_count, athlete_count, total_photo_count, start_lat, start_lng, end_lat, end_lng, summary_polyline, laps, splits_metric, splits_standard, best_efforts, segment_efforts, raw_json, polyline, legacy_type, photo_count, location_city, location_state, location_country)
    WITH landed AS (
      SELECT
        *
      FROM
        ${prefix}landing.activities
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
      op = 'upsert';
    SET failed_check = CASE
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.activities AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id must be different in every row'
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.activities AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.version IS NULL OR target.source IS NULL OR target.sport_type IS NULL OR target.started_at IS NULL OR target.started_local IS NULL OR target.local_date IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, version, source, sport_type, started_at, started_local, local_date'
      WHEN EXISTS (SELECT 1
    FROM (SELECT * FROM ${prefix}silver.activities AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS built
    INNER JOIN (SELECT * FROM ${prefix}landing.activities AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS landed
    ON
      built.athlete_id = landed.athlete_id
      AND built.activity_id = landed.activity_id
    WHERE
      landed.version > built.version) THEN 'fresh: a newer version has landed than the row shows'
    END;
    IF failed_check IS NOT NULL THEN
      RAISE USING MESSAGE = failed_check;
    END IF;
    INSERT INTO ${prefix}ops.warnings (warned_at, table_name, warning, offending_rows)
    SELECT CURRENT_TIMESTAMP(), 'silver.activities', 'splits_add_up: the kilometre splits do not add up to the distance within 0.1 % (or 1 m)', found.offending
    FROM (SELECT COUNT(*) AS offending FROM (-- A corrected distance of a treadmill, or a crop, may rightly do so.
    SELECT 1
    FROM (
      SELECT
        activities.distance_m,
        (SELECT SUM(split.distance_m) FROM UNNEST(activities.splits_metric) AS split) AS splits_m
      FROM
        (SELECT * FROM ${prefix}silver.activities AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS activities
    ) AS added
    WHERE
      ABS(added.splits_m - added.distance_m) > GREATEST(1.0, 0.001 * added.distance_m)) AS odd) AS found
    WHERE found.offending > 0;
    INSERT INTO ${prefix}ops.warnings (warned_at, table_name, warning, offending_rows)
    SELECT CURRENT_TIMESTAMP(), 'silver.activities', 'wall_clock_agrees: the local start is not the start plus the offset to UTC', found.offending
    FROM (SELECT COUNT(*) AS offending FROM (-- A hidden start says 00:00:01, which is no time of day.
    SELECT 1
    FROM (SELECT * FROM ${prefix}silver.activities AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS activities
    WHERE
      UNIX_SECONDS(CAST(activities.started_local AS TIMESTAMP))
      != UNIX_SECONDS(activities.started_at) + activities.utc_offset_s
      AND NOT (
        EXTRACT(HOUR FROM activities.started_local) = 0
        AND EXTRACT(MINUTE FROM activities.started_local) = 0
        AND EXTRACT(SECOND FROM activities.started_local) = 1
      )) AS odd) AS found
    WHERE found.offending > 0;
    INSERT INTO ${prefix}ops.warnings (warned_at, table_name, warning, offending_rows)
    SELECT CURRENT_TIMESTAMP(), 'silver.activities', 'moved_for_longer: Strava said that it moved for longer than it took', found.offending
    FROM (SELECT COUNT(*) AS offending FROM (SELECT 1
    FROM (SELECT * FROM ${prefix}silver.activities AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS activities
    WHERE
      activities.moving_time_clamped) AS odd) AS found
    WHERE found.offending > 0;
    COMMIT TRANSACTION;
    SET built_names = ARRAY_CONCAT(built_names, ['silver.activities']);
  EXCEPTION WHEN ERROR THEN
    ROLLBACK TRANSACTION;
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.activities', @@error.message);
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.activities']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
  END;

  -- silver.settings: one row per athlete, setting and first day
  BEGIN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}silver.settings AS target WHERE TRUE;
    INSERT INTO ${prefix}silver.settings (athlete_id, name, value, valid_from, valid_until, source, version, bronze_uri)
    WITH known AS (
      SELECT
        *
      FROM
        ${prefix}silver.known_settings
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
      known;
    SET failed_check = CASE
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.settings AS target WHERE EXISTS (SELECT 1 FROM touched_settings AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.name, target.valid_from HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, name, valid_from must be different in every row'
      WHEN EXISTS (SELECT 1 FROM ${prefix}silver.settings AS target WHERE (target.athlete_id IS NULL OR target.name IS NULL OR target.value IS NULL OR target.valid_from IS NULL OR target.source IS NULL) AND EXISTS (SELECT 1 FROM touched_settings AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, name, value, valid_from, source'
      WHEN EXISTS (SELECT 1
    FROM (SELECT * FROM ${prefix}silver.settings AS src WHERE EXISTS (SELECT 1 FROM touched_settings AS changed WHERE changed.athlete_id = src.athlete_id)) AS earlier
    INNER JOIN (SELECT * FROM ${prefix}silver.settings AS src WHERE EXISTS (SELECT 1 FROM touched_settings AS changed WHERE changed.athlete_id = src.athlete_id)) AS later
    ON
      earlier.athlete_id = later.athlete_id
      AND earlier.name = later.name
      AND earlier.valid_from < later.valid_from
    WHERE
      earlier.valid_until IS NULL
      OR earlier.valid_until > later.valid_from) THEN 'one_value_a_day: two values of a setting would hold on the same day'
    END;
    IF failed_check IS NOT NULL THEN
      RAISE USING MESSAGE = failed_check;
    END IF;
    COMMIT TRANSACTION;
    SET built_names = ARRAY_CONCAT(built_names, ['silver.settings']);
  EXCEPTION WHEN ERROR THEN
    ROLLBACK TRANSACTION;
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.settings', @@error.message);
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.settings']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
  END;

  -- marts.activity_summary: one row per activity
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.streams') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.activity_summary', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.streams') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.activity_summary']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.streams') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.activity_summary AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.activity_summary (athlete_id, activity_id, name, sport_type, sport_group, race, local_date, year, month, started_at, started_local, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, stopped_share, moves_longer_than_it_takes, elevation_gain_m, elevation_gain_ft, average_speed_kmh, average_speed_mph, pace_s_per_km, pace_s_per_mi, pace_s_per_100m, pace_s_per_100yd, race_speed_kmh, race_speed_mph, race_pace_s_per_km, race_pace_s_per_mi, average_heartrate_bpm, max_heartrate_bpm, average_cadence_rpm, average_steps_per_min, cadence_is_of_both_legs, average_power_w, normalized_power_w, power_is_measured, work_kj, calories_kcal, gear_id, private, detailed, has_streams, recorded_s, version, bronze_uri, streams_version, streams_bronze_uri)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      metrics AS (
        SELECT
          *
        FROM
          ${prefix}silver.metrics
      ),
      sports AS (
        SELECT
          sport_type,
          sport_group
        FROM
          ${prefix}silver.sports
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
          ${prefix}silver.activities
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
          ${prefix}silver.activities
        WHERE
          sport_type IN ('Run', 'TrailRun', 'VirtualRun', 'Walk', 'Hike')
          AND average_cadence_rpm > 0
      ),
      recorded AS (
        SELECT
          athlete_id,
          activity_id
        FROM
          ${prefix}silver.streams
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
        AND activities.activity_id = recorded.activity_id;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_summary AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_summary AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.sport_type IS NULL OR target.sport_group IS NULL OR target.race IS NULL OR target.local_date IS NULL OR target.year IS NULL OR target.month IS NULL OR target.started_at IS NULL OR target.started_local IS NULL OR target.power_is_measured IS NULL OR target.private IS NULL OR target.detailed IS NULL OR target.has_streams IS NULL OR target.version IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, sport_type, sport_group, race, local_date, year, month, started_at, started_local, power_is_measured, private, detailed, has_streams, version'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_summary AS target WHERE (target.month < 1 OR target.month > 12 OR target.stopped_share < 0 OR target.stopped_share > 1 OR target.recorded_s < 0) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'range: a value outside of what there can be in month, stopped_share, recorded_s'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_summary AS target WHERE NOT EXISTS (SELECT 1 FROM ${prefix}silver.activities AS other WHERE other.athlete_id = target.athlete_id AND other.activity_id = target.activity_id) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'references_silver_activities: every athlete_id, activity_id must be in silver.activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.activity_summary']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.activity_summary', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.activity_summary']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.daily_summary: one row per athlete, day and sport type
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.daily_summary', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.daily_summary']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.daily_summary AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.daily_summary (athlete_id, local_date, sport_type, year, month, week_start, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal, longest_distance_m, longest_distance_km, longest_distance_mi)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      days AS (
        -- Sums are rounded, so that the order in which rows are added up does not show.
        SELECT
          athlete_id,
          local_date,
          sport_type,
          COUNT(*) AS activities,
          ROUND(COALESCE(SUM(distance_m), 0), 3) AS distance_m,
          COALESCE(SUM(moving_time_s), 0) AS moving_time_s,
          COALESCE(SUM(elapsed_time_s), 0) AS elapsed_time_s,
          ROUND(COALESCE(SUM(elevation_gain_m), 0), 3) AS elevation_gain_m,
          ROUND(COALESCE(SUM(work_kj), 0), 3) AS work_kj,
          ROUND(COALESCE(SUM(calories_kcal), 0), 3) AS calories_kcal,
          MAX(distance_m) AS longest_distance_m
        FROM
          activities
        GROUP BY
          athlete_id,
          local_date,
          sport_type
      )
      SELECT
        athlete_id,
        local_date,
        sport_type,
        EXTRACT(YEAR FROM local_date) AS year,
        EXTRACT(MONTH FROM local_date) AS month,
        CAST(DATE_TRUNC(local_date, ISOWEEK) AS DATE) AS week_start,
        activities,
        distance_m,
        distance_m / 1000 AS distance_km,
        distance_m / 1609.344 AS distance_mi,
        moving_time_s,
        elapsed_time_s,
        elevation_gain_m,
        elevation_gain_m / 0.3048 AS elevation_gain_ft,
        work_kj,
        calories_kcal,
        longest_distance_m,
        longest_distance_m / 1000 AS longest_distance_km,
        longest_distance_m / 1609.344 AS longest_distance_mi
      FROM
        days;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.daily_summary AS target WHERE EXISTS (SELECT 1 FROM touched_days AS changed WHERE changed.athlete_id = target.athlete_id AND changed.local_date = target.local_date) GROUP BY target.athlete_id, target.local_date, target.sport_type HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, local_date, sport_type must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.daily_summary AS target WHERE (target.athlete_id IS NULL OR target.local_date IS NULL OR target.sport_type IS NULL OR target.year IS NULL OR target.month IS NULL OR target.week_start IS NULL OR target.activities IS NULL OR target.distance_m IS NULL OR target.distance_km IS NULL OR target.distance_mi IS NULL OR target.moving_time_s IS NULL OR target.elapsed_time_s IS NULL OR target.elevation_gain_m IS NULL OR target.elevation_gain_ft IS NULL OR target.work_kj IS NULL OR target.calories_kcal IS NULL) AND EXISTS (SELECT 1 FROM touched_days AS changed WHERE changed.athlete_id = target.athlete_id AND changed.local_date = target.local_date)) THEN 'required: there must be a value in athlete_id, local_date, sport_type, year, month, week_start, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.daily_summary AS target WHERE (target.month < 1 OR target.month > 12 OR target.activities < 0) AND EXISTS (SELECT 1 FROM touched_days AS changed WHERE changed.athlete_id = target.athlete_id AND changed.local_date = target.local_date)) THEN 'range: a value outside of what there can be in month, activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.daily_summary']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.daily_summary', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.daily_summary']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- silver.grouped_activities: one row per activity
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.grouped_activities', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.grouped_activities']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}silver.grouped_activities AS target WHERE TRUE;
      INSERT INTO ${prefix}silver.grouped_activities (athlete_id, activity_id, name, sport_type, sport_group, indoor, commute, private, flagged, race, started_at, local_date, year, distance_m, moving_time_s, elapsed_time_s, elevation_gain_m, max_heartrate_bpm, heartrate_opt_out, power_is_measured)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      sports AS (
        SELECT
          *
        FROM
          ${prefix}silver.sports
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
        activities.sport_type = sports.sport_type;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.grouped_activities AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.grouped_activities AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.sport_type IS NULL OR target.sport_group IS NULL OR target.indoor IS NULL OR target.commute IS NULL OR target.private IS NULL OR target.flagged IS NULL OR target.race IS NULL OR target.started_at IS NULL OR target.local_date IS NULL OR target.year IS NULL OR target.heartrate_opt_out IS NULL OR target.power_is_measured IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, sport_type, sport_group, indoor, commute, private, flagged, race, started_at, local_date, year, heartrate_opt_out, power_is_measured'
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.grouped_activities AS target WHERE NOT EXISTS (SELECT 1 FROM ${prefix}silver.activities AS other WHERE other.athlete_id = target.athlete_id AND other.activity_id = target.activity_id) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'references_silver_activities: every athlete_id, activity_id must be in silver.activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['silver.grouped_activities']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.grouped_activities', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.grouped_activities']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- silver.today: one row per athlete
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.today', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.today']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}silver.today AS target WHERE TRUE;
      INSERT INTO ${prefix}silver.today (athlete_id, local_date, utc_offset_s)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      clock AS (
        SELECT
          MAX(set_at) AS set_at
        FROM
          ${prefix}ops.clock
      ),
      last_activities AS (
        SELECT
          athlete_id,
          COALESCE(utc_offset_s, 0) AS utc_offset_s,
          MAX(local_date) OVER (PARTITION BY athlete_id) AS last_date
        FROM
          activities
        QUALIFY
          ROW_NUMBER() OVER (PARTITION BY athlete_id ORDER BY started_at DESC, activity_id DESC) = 1
      )
      SELECT
        last_activities.athlete_id,
        GREATEST(
          last_activities.last_date,
          COALESCE(
            DATE(TIMESTAMP_ADD(clock.set_at, INTERVAL last_activities.utc_offset_s SECOND)),
            last_activities.last_date
          )
        ) AS local_date,
        last_activities.utc_offset_s
      FROM
        last_activities
      CROSS JOIN
        clock;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.today AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.today AS target WHERE (target.athlete_id IS NULL OR target.local_date IS NULL OR target.utc_offset_s IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, local_date, utc_offset_s'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['silver.today']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.today', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.today']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.monthly_summary: one row per athlete, month and sport type
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.monthly_summary', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.monthly_summary']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.monthly_summary AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.monthly_summary (athlete_id, year, month, sport_type, active_days, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal, longest_distance_m, longest_distance_km, longest_distance_mi)
      WITH days AS (
        SELECT
          *
        FROM
          ${prefix}marts.daily_summary
      ),
      months AS (
        -- Sums are rounded, so that the order in which rows are added up does not show.
        SELECT
          athlete_id,
          year,
          month,
          sport_type,
          COUNT(DISTINCT local_date) AS active_days,
          SUM(activities) AS activities,
          ROUND(SUM(distance_m), 3) AS distance_m,
          SUM(moving_time_s) AS moving_time_s,
          SUM(elapsed_time_s) AS elapsed_time_s,
          ROUND(SUM(elevation_gain_m), 3) AS elevation_gain_m,
          ROUND(SUM(work_kj), 3) AS work_kj,
          ROUND(SUM(calories_kcal), 3) AS calories_kcal,
          MAX(longest_distance_m) AS longest_distance_m
        FROM
          days
        GROUP BY
          athlete_id,
          year,
          month,
          sport_type
      )
      SELECT
        athlete_id,
        year,
        month,
        sport_type,
        active_days,
        activities,
        distance_m,
        distance_m / 1000 AS distance_km,
        distance_m / 1609.344 AS distance_mi,
        moving_time_s,
        elapsed_time_s,
        elevation_gain_m,
        elevation_gain_m / 0.3048 AS elevation_gain_ft,
        work_kj,
        calories_kcal,
        longest_distance_m,
        longest_distance_m / 1000 AS longest_distance_km,
        longest_distance_m / 1609.344 AS longest_distance_mi
      FROM
        months;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.monthly_summary AS target WHERE EXISTS (SELECT 1 FROM touched_months AS changed WHERE changed.athlete_id = target.athlete_id AND changed.year = target.year AND changed.month = target.month) GROUP BY target.athlete_id, target.year, target.month, target.sport_type HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, year, month, sport_type must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.monthly_summary AS target WHERE (target.athlete_id IS NULL OR target.year IS NULL OR target.month IS NULL OR target.sport_type IS NULL OR target.active_days IS NULL OR target.activities IS NULL OR target.distance_m IS NULL OR target.distance_km IS NULL OR target.distance_mi IS NULL OR target.moving_time_s IS NULL OR target.elapsed_time_s IS NULL OR target.elevation_gain_m IS NULL OR target.elevation_gain_ft IS NULL OR target.work_kj IS NULL OR target.calories_kcal IS NULL) AND EXISTS (SELECT 1 FROM touched_months AS changed WHERE changed.athlete_id = target.athlete_id AND changed.year = target.year AND changed.month = target.month)) THEN 'required: there must be a value in athlete_id, year, month, sport_type, active_days, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.monthly_summary AS target WHERE (target.month < 1 OR target.month > 12 OR target.activities < 0) AND EXISTS (SELECT 1 FROM touched_months AS changed WHERE changed.athlete_id = target.athlete_id AND changed.year = target.year AND changed.month = target.month)) THEN 'range: a value outside of what there can be in month, activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.monthly_summary']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.monthly_summary', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.monthly_summary']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.weekly_summary: one row per athlete, week and sport type
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.weekly_summary', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.weekly_summary']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.weekly_summary AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.weekly_summary (athlete_id, week_start, iso_year, iso_week, sport_type, active_days, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal, longest_distance_m, longest_distance_km, longest_distance_mi)
      WITH days AS (
        SELECT
          *
        FROM
          ${prefix}marts.daily_summary
      ),
      weeks AS (
        -- Sums are rounded, so that the order in which rows are added up does not show.
        SELECT
          athlete_id,
          week_start,
          CAST(DATE_ADD(week_start, INTERVAL 3 DAY) AS DATE) AS thursday,
          sport_type,
          COUNT(DISTINCT local_date) AS active_days,
          SUM(activities) AS activities,
          ROUND(SUM(distance_m), 3) AS distance_m,
          SUM(moving_time_s) AS moving_time_s,
          SUM(elapsed_time_s) AS elapsed_time_s,
          ROUND(SUM(elevation_gain_m), 3) AS elevation_gain_m,
          ROUND(SUM(work_kj), 3) AS work_kj,
          ROUND(SUM(calories_kcal), 3) AS calories_kcal,
          MAX(longest_distance_m) AS longest_distance_m
        FROM
          days
        GROUP BY
          athlete_id,
          week_start,
          sport_type
      )
      SELECT
        athlete_id,
        week_start,
        EXTRACT(YEAR FROM thursday) AS iso_year,
        DIV((EXTRACT(DAYOFYEAR FROM thursday) - 1), 7) + 1 AS iso_week,
        sport_type,
        active_days,
        activities,
        distance_m,
        distance_m / 1000 AS distance_km,
        distance_m / 1609.344 AS distance_mi,
        moving_time_s,
        elapsed_time_s,
        elevation_gain_m,
        elevation_gain_m / 0.3048 AS elevation_gain_ft,
        work_kj,
        calories_kcal,
        longest_distance_m,
        longest_distance_m / 1000 AS longest_distance_km,
        longest_distance_m / 1609.344 AS longest_distance_mi
      FROM
        weeks;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.weekly_summary AS target WHERE EXISTS (SELECT 1 FROM touched_weeks AS changed WHERE changed.athlete_id = target.athlete_id AND changed.week_start = target.week_start) GROUP BY target.athlete_id, target.week_start, target.sport_type HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, week_start, sport_type must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.weekly_summary AS target WHERE (target.athlete_id IS NULL OR target.week_start IS NULL OR target.iso_year IS NULL OR target.iso_week IS NULL OR target.sport_type IS NULL OR target.active_days IS NULL OR target.activities IS NULL OR target.distance_m IS NULL OR target.distance_km IS NULL OR target.distance_mi IS NULL OR target.moving_time_s IS NULL OR target.elapsed_time_s IS NULL OR target.elevation_gain_m IS NULL OR target.elevation_gain_ft IS NULL OR target.work_kj IS NULL OR target.calories_kcal IS NULL) AND EXISTS (SELECT 1 FROM touched_weeks AS changed WHERE changed.athlete_id = target.athlete_id AND changed.week_start = target.week_start)) THEN 'required: there must be a value in athlete_id, week_start, iso_year, iso_week, sport_type, active_days, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.weekly_summary AS target WHERE (target.iso_week < 1 OR target.iso_week > 53 OR target.activities < 0) AND EXISTS (SELECT 1 FROM touched_weeks AS changed WHERE changed.athlete_id = target.athlete_id AND changed.week_start = target.week_start)) THEN 'range: a value outside of what there can be in iso_week, activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.weekly_summary']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.weekly_summary', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.weekly_summary']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.yearly_summary: one row per athlete, year and sport type
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.yearly_summary', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.yearly_summary']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.daily_summary') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.yearly_summary AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.yearly_summary (athlete_id, year, sport_type, active_days, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal, longest_distance_m, longest_distance_km, longest_distance_mi)
      WITH days AS (
        SELECT
          *
        FROM
          ${prefix}marts.daily_summary
      ),
      years AS (
        -- Sums are rounded, so that the order in which rows are added up does not show.
        SELECT
          athlete_id,
          year,
          sport_type,
          COUNT(DISTINCT local_date) AS active_days,
          SUM(activities) AS activities,
          ROUND(SUM(distance_m), 3) AS distance_m,
          SUM(moving_time_s) AS moving_time_s,
          SUM(elapsed_time_s) AS elapsed_time_s,
          ROUND(SUM(elevation_gain_m), 3) AS elevation_gain_m,
          ROUND(SUM(work_kj), 3) AS work_kj,
          ROUND(SUM(calories_kcal), 3) AS calories_kcal,
          MAX(longest_distance_m) AS longest_distance_m
        FROM
          days
        GROUP BY
          athlete_id,
          year,
          sport_type
      )
      SELECT
        athlete_id,
        year,
        sport_type,
        active_days,
        activities,
        distance_m,
        distance_m / 1000 AS distance_km,
        distance_m / 1609.344 AS distance_mi,
        moving_time_s,
        elapsed_time_s,
        elevation_gain_m,
        elevation_gain_m / 0.3048 AS elevation_gain_ft,
        work_kj,
        calories_kcal,
        longest_distance_m,
        longest_distance_m / 1000 AS longest_distance_km,
        longest_distance_m / 1609.344 AS longest_distance_mi
      FROM
        years;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.yearly_summary AS target WHERE EXISTS (SELECT 1 FROM touched_years AS changed WHERE changed.athlete_id = target.athlete_id AND changed.year = target.year) GROUP BY target.athlete_id, target.year, target.sport_type HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, year, sport_type must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.yearly_summary AS target WHERE (target.athlete_id IS NULL OR target.year IS NULL OR target.sport_type IS NULL OR target.active_days IS NULL OR target.activities IS NULL OR target.distance_m IS NULL OR target.distance_km IS NULL OR target.distance_mi IS NULL OR target.moving_time_s IS NULL OR target.elapsed_time_s IS NULL OR target.elevation_gain_m IS NULL OR target.elevation_gain_ft IS NULL OR target.work_kj IS NULL OR target.calories_kcal IS NULL) AND EXISTS (SELECT 1 FROM touched_years AS changed WHERE changed.athlete_id = target.athlete_id AND changed.year = target.year)) THEN 'required: there must be a value in athlete_id, year, sport_type, active_days, activities, distance_m, distance_km, distance_mi, moving_time_s, elapsed_time_s, elevation_gain_m, elevation_gain_ft, work_kj, calories_kcal'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.yearly_summary AS target WHERE (target.activities < 0) AND EXISTS (SELECT 1 FROM touched_years AS changed WHERE changed.athlete_id = target.athlete_id AND changed.year = target.year)) THEN 'range: a value outside of what there can be in activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.yearly_summary']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.yearly_summary', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.yearly_summary']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.routes: one row per activity with a line
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.grouped_activities') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.routes', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.grouped_activities') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.routes']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.grouped_activities') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.routes AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.routes (athlete_id, activity_id, name, sport_type, sport_group, indoor, local_date, year, distance_km, distance_mi, start_lat, start_lng, end_lat, end_lng, polyline, line_wkt)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      grouped AS (
        SELECT
          *
        FROM
          ${prefix}silver.grouped_activities
      ),
      routes AS (
        SELECT
          activities.athlete_id,
          activities.activity_id,
          activities.name,
          activities.sport_type,
          grouped.sport_group,
          grouped.indoor,
          activities.local_date,
          grouped.year,
          activities.distance_m,
          ROUND(activities.start_lat, 3) AS start_lat,
          ROUND(activities.start_lng, 3) AS start_lng,
          ROUND(activities.end_lat, 3) AS end_lat,
          ROUND(activities.end_lng, 3) AS end_lng,
          activities.summary_polyline AS polyline
        FROM
          activities
        INNER JOIN
          grouped
        ON
          activities.athlete_id = grouped.athlete_id
          AND activities.activity_id = grouped.activity_id
        WHERE
          NOT grouped.private
          AND activities.summary_polyline != ''
      ),
      characters AS (
        -- Google's encoding: each character holds five bits of a number, and says whether more follow.
        -- What is not in that encoding gives no line, but stops nothing: hence the limits.
        SELECT
          routes.athlete_id,
          routes.activity_id,
          place,
          GREATEST(UNICODE(SUBSTR(routes.polyline, place, 1)) - 63, 0) AS bits
        FROM
          routes
        CROSS JOIN
          UNNEST(GENERATE_ARRAY(1, LENGTH(routes.polyline))) AS place
      ),
      numbered AS (
        SELECT
          athlete_id,
          activity_id,
          place,
          MOD(bits, 32) AS digit,
          COUNTIF(bits < 32) OVER (
            PARTITION BY athlete_id, activity_id
            ORDER BY place
          ) - IF(bits < 32, 1, 0) AS number
        FROM
          characters
      ),
      digits AS (
        SELECT
          athlete_id,
          activity_id,
          number,
          digit << (
            5 * LEAST(6, place - MIN(place) OVER (PARTITION BY athlete_id, activity_id, number))
          ) AS part
        FROM
          numbered
      ),
      numbers AS (
        -- Odd ones are negative.
        SELECT
          athlete_id,
          activity_id,
          DIV(number, 2) AS index,
          MOD(number, 2) = 0 AS is_lat,
          IF(MOD(SUM(part), 2) = 0, DIV(SUM(part), 2), -DIV((SUM(part) + 1), 2)) AS step
        FROM
          digits
        GROUP BY
          athlete_id,
          activity_id,
          number
      ),
      places AS (
        -- Each number is a step from the one before, in hundred-thousandths of a degree.
        SELECT
          athlete_id,
          activity_id,
          index,
          is_lat,
          SUM(step) OVER (PARTITION BY athlete_id, activity_id, is_lat ORDER BY index) AS degrees_e5
        FROM
          numbers
      ),
      written AS (
        SELECT
          athlete_id,
          activity_id,
          index,
          is_lat,
          ABS(degrees_e5) > IF(is_lat, 9000000, 18000000) AS is_nowhere,
          CONCAT(
            IF(degrees_e5 < 0, '-', ''),
            CAST(DIV(ABS(degrees_e5), 100000) AS STRING),
            '.',
            LPAD(CAST(MOD(ABS(degrees_e5), 100000) AS STRING), 5, '0')
          ) AS degrees
        FROM
          places
      ),
      points AS (
        SELECT
          athlete_id,
          activity_id,
          index,
          COUNTIF(is_nowhere) AS nowhere,
          CONCAT(MAX(IF(is_lat, NULL, degrees)), ' ', MAX(IF(is_lat, degrees, NULL))) AS point
        FROM
          written
        GROUP BY
          athlete_id,
          activity_id,
          index
      ),
      turns AS (
        -- No engine takes a line that stands still.
        SELECT
          *
        FROM
          points
        QUALIFY
          point IS DISTINCT FROM LAG(point) OVER (PARTITION BY athlete_id, activity_id ORDER BY index)
      ),
      lines AS (
        SELECT
          athlete_id,
          activity_id,
          CONCAT('LINESTRING(', STRING_AGG(point, ', ' ORDER BY index), ')') AS line_wkt
        FROM
          turns
        GROUP BY
          athlete_id,
          activity_id
        HAVING
          COUNT(point) > 1
          AND SUM(nowhere) = 0
      )
      SELECT
        routes.athlete_id,
        routes.activity_id,
        routes.name,
        routes.sport_type,
        routes.sport_group,
        routes.indoor,
        routes.local_date,
        routes.year,
        routes.distance_m / 1000 AS distance_km,
        routes.distance_m / 1609.344 AS distance_mi,
        routes.start_lat,
        routes.start_lng,
        routes.end_lat,
        routes.end_lng,
        routes.polyline,
        lines.line_wkt
      FROM
        routes
      LEFT JOIN
        lines
      ON
        routes.athlete_id = lines.athlete_id
        AND routes.activity_id = lines.activity_id;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.routes AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.routes AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.sport_type IS NULL OR target.sport_group IS NULL OR target.indoor IS NULL OR target.local_date IS NULL OR target.year IS NULL OR target.polyline IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, sport_type, sport_group, indoor, local_date, year, polyline'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.routes AS target WHERE NOT EXISTS (SELECT 1 FROM ${prefix}silver.activities AS other WHERE other.athlete_id = target.athlete_id AND other.activity_id = target.activity_id) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'references_silver_activities: every athlete_id, activity_id must be in silver.activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.routes']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.routes', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.routes']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- silver.activity_cells: one row per activity and cell
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.streams') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.activity_cells', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.streams') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.activity_cells']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.streams') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}silver.activity_cells AS target WHERE TRUE;
      INSERT INTO ${prefix}silver.activity_cells (athlete_id, activity_id, sport_group, lat_cell, lng_cell)
      WITH streams AS (
        SELECT
          *
        FROM
          ${prefix}silver.streams
      ),
      activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.grouped_activities
      ),
      hidden AS (
        -- How much of both ends is not shown. Change it here: the next run builds everything anew.
        SELECT
          200 AS ends_m
      ),
      shown AS (
        SELECT
          athlete_id,
          activity_id,
          sport_group
        FROM
          activities
        WHERE
          NOT private
          AND NOT indoor
      ),
      points AS (
        SELECT
          streams.athlete_id,
          streams.activity_id,
          shown.sport_group,
          CAST(FLOOR(point.lat * 1000) AS INT64) AS lat_cell,
          CAST(FLOOR(point.lng * 1000) AS INT64) AS lng_cell,
          point.distance_m
        FROM
          streams
        INNER JOIN
          shown
        ON
          streams.athlete_id = shown.athlete_id
          AND streams.activity_id = shown.activity_id
        CROSS JOIN
          UNNEST(streams.points) AS point
      ),
      cells AS (
        -- Points without a place are a cell too, here only: the length is known from them as well.
        SELECT
          points.athlete_id,
          points.activity_id,
          points.sport_group,
          points.lat_cell,
          points.lng_cell,
          MIN(IF(points.distance_m >= hidden.ends_m, points.distance_m, NULL)) AS from_m,
          MAX(points.distance_m) AS to_m
        FROM
          points
        CROSS JOIN
          hidden
        GROUP BY
          points.athlete_id,
          points.activity_id,
          points.sport_group,
          points.lat_cell,
          points.lng_cell
      ),
      lengths AS (
        SELECT
          athlete_id,
          activity_id,
          MAX(to_m) AS distance_m
        FROM
          cells
        GROUP BY
          athlete_id,
          activity_id
      )
      SELECT
        cells.athlete_id,
        cells.activity_id,
        cells.sport_group,
        cells.lat_cell,
        cells.lng_cell
      FROM
        cells
      INNER JOIN
        lengths
      ON
        cells.athlete_id = lengths.athlete_id
        AND cells.activity_id = lengths.activity_id
      CROSS JOIN
        hidden
      WHERE
        cells.lat_cell IS NOT NULL
        AND cells.lng_cell IS NOT NULL
        -- The first of its points after the hidden start is before the hidden end.
        AND cells.from_m <= lengths.distance_m - hidden.ends_m;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.activity_cells AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id, target.lat_cell, target.lng_cell HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id, lat_cell, lng_cell must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.activity_cells AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.sport_group IS NULL OR target.lat_cell IS NULL OR target.lng_cell IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, sport_group, lat_cell, lng_cell'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['silver.activity_cells']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.activity_cells', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.activity_cells']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- silver.curve_points: one row per activity, curve and duration
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.curve_points', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.curve_points']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}silver.curve_points AS target WHERE TRUE;
      INSERT INTO ${prefix}silver.curve_points (athlete_id, activity_id, curve, duration_s, value, sport_group, indoor, started_at, local_date, year)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.grouped_activities
        WHERE
          NOT flagged
      ),
      metrics AS (
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          metrics.power_curve,
          metrics.heartrate_curve,
          -- A satellite fix that jumps may still be slower than a bike: what was gone on foot has a limit
          -- of its own. Rows from before there was one have the other alone.
          IF(
            activities.sport_group IN ('run', 'walk') AND metrics.speed_coverage_on_foot IS NOT NULL,
            metrics.speed_curve_on_foot,
            metrics.speed_curve
          ) AS speed_curve
        FROM
          ${prefix}silver.metrics AS metrics
        INNER JOIN
          activities
        ON
          metrics.athlete_id = activities.athlete_id
          AND metrics.activity_id = activities.activity_id
      ),
      points AS (
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          'power' AS curve,
          best.duration_s,
          best.value
        FROM
          metrics
        CROSS JOIN
          UNNEST(metrics.power_curve) AS best
        UNION ALL
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          'heartrate',
          best.duration_s,
          best.value
        FROM
          metrics
        CROSS JOIN
          UNNEST(metrics.heartrate_curve) AS best
        UNION ALL
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          'speed',
          best.duration_s,
          best.value
        FROM
          metrics
        CROSS JOIN
          UNNEST(metrics.speed_curve) AS best
      )
      SELECT
        points.athlete_id,
        points.activity_id,
        points.curve,
        points.duration_s,
        points.value,
        activities.sport_group,
        activities.indoor,
        activities.started_at,
        activities.local_date,
        activities.year
      FROM
        points
      INNER JOIN
        activities
      ON
        points.athlete_id = activities.athlete_id
        AND points.activity_id = activities.activity_id
      WHERE
        CASE points.curve
          WHEN 'power' THEN activities.power_is_measured
          WHEN 'heartrate' THEN NOT activities.heartrate_opt_out
          -- A watch in a pool adds a length at each wall, which is 25 m in one second.
          ELSE NOT activities.indoor AND activities.sport_group != 'swim'
        END;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.curve_points AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id, target.curve, target.duration_s HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id, curve, duration_s must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.curve_points AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.curve IS NULL OR target.duration_s IS NULL OR target.value IS NULL OR target.sport_group IS NULL OR target.indoor IS NULL OR target.started_at IS NULL OR target.local_date IS NULL OR target.year IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, curve, duration_s, value, sport_group, indoor, started_at, local_date, year'
        WHEN EXISTS (-- Only for multiples: of 300, 0, 300 W the best 2 s are 150 W and the best 3 s are 200 W. Only for
      -- power, where a missing second is 0 W: the other means leave such seconds out, and may rise.
      SELECT 1
      FROM (SELECT * FROM ${prefix}silver.curve_points AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS shorter
      INNER JOIN (SELECT * FROM ${prefix}silver.curve_points AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS longer
      ON
        shorter.athlete_id = longer.athlete_id
        AND shorter.activity_id = longer.activity_id
      WHERE
        shorter.curve = 'power'
        AND longer.curve = 'power'
        AND longer.duration_s > shorter.duration_s
        AND MOD(longer.duration_s, shorter.duration_s) = 0
        AND longer.value > shorter.value + 0.000001) THEN 'longer_not_stronger: a multiple of a duration has more mean power than the duration itself'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['silver.curve_points']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.curve_points', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.curve_points']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- silver.efforts: one row per activity and distance
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.efforts', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.efforts']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}silver.efforts AS target WHERE TRUE;
      INSERT INTO ${prefix}silver.efforts (athlete_id, activity_id, sport_group, indoor, race, started_at, local_date, distance_m, distance_name, elapsed_time_s, start_index, end_index)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.grouped_activities
      ),
      distances AS (
        SELECT
          *
        FROM
          ${prefix}silver.effort_distances
      ),
      metrics AS (
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          -- A satellite fix that jumps may still be slower than a bike: what was run has a limit of its
          -- own. Rows from before there was one have the other alone.
          IF(
            activities.sport_group = 'run' AND metrics.speed_coverage_on_foot IS NOT NULL,
            metrics.efforts_on_foot,
            metrics.efforts
          ) AS efforts
        FROM
          ${prefix}silver.metrics AS metrics
        INNER JOIN
          activities
        ON
          metrics.athlete_id = activities.athlete_id
          AND metrics.activity_id = activities.activity_id
      ),
      efforts AS (
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          effort.distance_m,
          effort.elapsed_time_s,
          effort.start_index,
          effort.end_index
        FROM
          metrics
        CROSS JOIN
          UNNEST(metrics.efforts) AS effort
      )
      SELECT
        activities.athlete_id,
        activities.activity_id,
        activities.sport_group,
        activities.indoor,
        activities.race,
        activities.started_at,
        activities.local_date,
        efforts.distance_m,
        distances.name AS distance_name,
        efforts.elapsed_time_s,
        efforts.start_index,
        efforts.end_index
      FROM
        efforts
      INNER JOIN
        activities
      ON
        efforts.athlete_id = activities.athlete_id
        AND efforts.activity_id = activities.activity_id
      INNER JOIN
        distances
      ON
        activities.sport_group = distances.sport_group
        AND efforts.distance_m = distances.distance_m
      WHERE
        NOT activities.flagged
        AND efforts.elapsed_time_s >= distances.fastest_s;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.efforts AS target WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id, target.distance_m HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id, distance_m must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}silver.efforts AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.sport_group IS NULL OR target.indoor IS NULL OR target.race IS NULL OR target.started_at IS NULL OR target.local_date IS NULL OR target.distance_m IS NULL OR target.distance_name IS NULL OR target.elapsed_time_s IS NULL) AND EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, sport_group, indoor, race, started_at, local_date, distance_m, distance_name, elapsed_time_s'
        WHEN EXISTS (-- Not "a longer distance takes longer": times are scaled down from the samples around the distance,
      -- and where those are far apart by more than the next distance is longer. Nor "1 km is not faster
      -- than 400 m": of 200 m fast and 200 m easy in turn, 1 km has three fifths fast, 400 m the half.
      SELECT 1
      FROM (SELECT * FROM ${prefix}silver.efforts AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS efforts
      INNER JOIN (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS metrics
      ON
        efforts.athlete_id = metrics.athlete_id
        AND efforts.activity_id = metrics.activity_id
      WHERE
        efforts.start_index < 0
        OR efforts.end_index <= efforts.start_index
        OR efforts.end_index >= metrics.points
        OR efforts.elapsed_time_s > metrics.recorded_s + metrics.paused_s) THEN 'within_the_recording: an effort lies outside of the stream, or takes longer than all of it'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      INSERT INTO ${prefix}ops.warnings (warned_at, table_name, warning, offending_rows)
      SELECT CURRENT_TIMESTAMP(), 'silver.efforts', 'stream_reaches_the_distance: the distance stream ends elsewhere than the distance says', found.offending
      FROM (SELECT COUNT(*) AS offending FROM (-- By more than 0.5 % and 5 m. A corrected distance of a treadmill, a crop and points within a privacy zone may rightly do so.
      SELECT 1
      FROM (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS metrics
      INNER JOIN (SELECT * FROM ${prefix}silver.activities AS src WHERE EXISTS (SELECT 1 FROM touched_activities AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS activities
      ON
        metrics.athlete_id = activities.athlete_id
        AND metrics.activity_id = activities.activity_id
      WHERE
        ABS(metrics.distance_m - activities.distance_m) > GREATEST(5.0, 0.005 * activities.distance_m)) AS odd) AS found
      WHERE found.offending > 0;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['silver.efforts']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'silver.efforts', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['silver.efforts']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.activity_load: one row per activity
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.settings') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.activity_load', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.settings') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.activity_load']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.settings') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.activity_load AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.activity_load (athlete_id, activity_id, local_date, sport_type, sport_group, load, load_source, load_missing_because, tss, rtss, swim_tss, sport_load_missing_because, hrtss, trimp, trimp_unscaled, trimp_constants, edwards, lucia, lucia_is_by_proxy, relative_effort, hrtss_missing_because, power_is_measured, normalized_power_w, normalized_power_source, normalized_power_is_short, intensity_factor, variability_index, gap_speed_mps, gap_source, gap_pace_s_per_km, gap_pace_s_per_mi, efficiency_factor, decoupling_pct, decoupling_of, recorded_s, moving_time_s, heartrate_coverage, average_heartrate_bpm, ftp_w, rest_hr_bpm, max_hr_bpm, threshold_hr_bpm, vt1_hr_bpm, vt2_hr_bpm, threshold_speed_mps, css_mps)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      metrics AS (
        SELECT
          *
        FROM
          ${prefix}silver.metrics
      ),
      sports AS (
        SELECT
          sport_type,
          sport_group
        FROM
          ${prefix}silver.sports
      ),
      settings AS (
        SELECT
          athlete_id,
          name,
          value,
          valid_from,
          COALESCE(valid_until, DATE '9999-12-31') AS valid_until
        FROM
          ${prefix}silver.settings
        WHERE
          value > 0
      ),
      settings_of_the_day AS (
        SELECT
          activities.athlete_id,
          activities.activity_id,
          MAX(IF(settings.name = 'ftp_w', settings.value, NULL)) AS ftp_w,
          MAX(IF(settings.name = 'rest_hr_bpm', settings.value, NULL)) AS rest_hr_bpm,
          MAX(IF(settings.name = 'max_hr_bpm', settings.value, NULL)) AS max_hr_bpm,
          MAX(IF(settings.name = 'threshold_hr_bpm', settings.value, NULL)) AS threshold_hr_bpm,
          MAX(IF(settings.name = 'vt1_hr_bpm', settings.value, NULL)) AS vt1_hr_bpm,
          MAX(IF(settings.name = 'vt2_hr_bpm', settings.value, NULL)) AS vt2_hr_bpm,
          MAX(IF(settings.name = 'threshold_speed_mps', settings.value, NULL)) AS threshold_speed_mps,
          MAX(IF(settings.name = 'css_mps', settings.value, NULL)) AS css_mps,
          MAX(IF(settings.name = 'sex', settings.value, NULL)) AS sex
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
      splits AS (
        SELECT
          activities.athlete_id,
          activities.activity_id,
          NULLIF(split.average_grade_adjusted_speed_mps, 0) AS split_speed_mps,
          split.moving_time_s
        FROM
          activities
        CROSS JOIN
          UNNEST(activities.splits_metric) AS split
      ),
      strava_gap AS (
        -- Where Strava gives it for nine seconds of ten. Sums are rounded here and below, so that the
        -- order in which rows are added up does not show.
        SELECT
          athlete_id,
          activity_id,
          ROUND(
            SAFE_DIVIDE(
              SUM(split_speed_mps * moving_time_s),
              SUM(IF(split_speed_mps IS NULL, 0, moving_time_s))
            ),
            6
          ) AS speed_mps
        FROM
          splits
        GROUP BY
          athlete_id,
          activity_id
        HAVING
          SUM(IF(split_speed_mps IS NULL, 0, moving_time_s)) >= 0.9 * SUM(moving_time_s)
      ),
      inputs AS (
        -- What is multiplied or divided by is NULL instead of 0: a dead power meter or a clock that stood
        -- still is no load of 0, another source may know. What does not apply to the sport is NULL.
        SELECT
          activities.athlete_id,
          activities.activity_id,
          activities.local_date,
          activities.sport_type,
          COALESCE(sports.sport_group, 'other') AS sport_group,
          COALESCE(sports.sport_group IN ('ride', 'ebike'), FALSE) AS is_ride,
          COALESCE(sports.sport_group = 'run', FALSE) AS is_run,
          COALESCE(sports.sport_group = 'swim', FALSE) AS is_swim,
          COALESCE(activities.device_watts, FALSE) AS power_is_measured,
          COALESCE(
            NULLIF(metrics.normalized_power_w, 0),
            NULLIF(activities.weighted_power_w, 0)
          ) AS normalized_power_w,
          CASE
            WHEN metrics.normalized_power_w != 0 THEN 'streams'
            WHEN activities.weighted_power_w != 0 THEN 'strava'
          END AS normalized_power_source,
          COALESCE(metrics.normalized_power_w, activities.weighted_power_w) = 0 AS power_is_zero,
          metrics.power_coverage,
          NULLIF(
            IF(metrics.normalized_power_w != 0, metrics.recorded_s, activities.moving_time_s),
            0
          ) AS power_s,
          SAFE_DIVIDE(metrics.normalized_power_w, metrics.average_power_w) AS variability_index,
          strava_gap.speed_mps AS strava_gap_speed_mps,
          NULLIF(metrics.gap_speed_mps, 0) AS fitted_gap_speed_mps,
          SAFE_DIVIDE(activities.distance_m, activities.moving_time_s) AS average_speed_mps,
          SAFE_DIVIDE(activities.distance_m, activities.elapsed_time_s) AS elapsed_speed_mps,
          metrics.decoupling_power_pct,
          metrics.decoupling_speed_pct,
          metrics.recorded_s,
          activities.moving_time_s,
          NULLIF(activities.moving_time_s, 0) AS moving_s,
          NULLIF(activities.elapsed_time_s, 0) AS elapsed_s,
          COALESCE(activities.heartrate_opt_out, FALSE) AS hides_heartrate,
          metrics.heartrate_coverage,
          IF(
            activities.heartrate_opt_out,
            NULL,
            NULLIF(COALESCE(metrics.average_heartrate_bpm, activities.average_heartrate_bpm), 0)
          ) AS average_heartrate_bpm,
          metrics.heartrate_histogram,
          NULLIF(activities.relative_effort, 0) AS relative_effort,
          settings.ftp_w,
          settings.rest_hr_bpm,
          settings.max_hr_bpm,
          settings.threshold_hr_bpm,
          settings.vt1_hr_bpm,
          settings.vt2_hr_bpm,
          -- In hundredths of a beat: 77 % of 200 as a product is not 154.
          COALESCE(100 * settings.vt1_hr_bpm, 77 * settings.max_hr_bpm) AS lucia_edge_2,
          COALESCE(100 * settings.vt2_hr_bpm, 90 * settings.max_hr_bpm) AS lucia_edge_3,
          settings.threshold_speed_mps,
          settings.css_mps,
          IF(settings.sex = 2, 'women', 'men') AS trimp_constants,
          IF(settings.sex = 2, 0.86, 0.64) AS a,
          IF(settings.sex = 2, 1.67, 1.92) AS b,
          IF(
            settings.max_hr_bpm > settings.rest_hr_bpm,
            settings.max_hr_bpm - settings.rest_hr_bpm,
            NULL
          ) AS reserve_bpm
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
          strava_gap
        ON
          activities.athlete_id = strava_gap.athlete_id
          AND activities.activity_id = strava_gap.activity_id
        LEFT JOIN
          settings_of_the_day AS settings
        ON
          activities.athlete_id = settings.athlete_id
          AND activities.activity_id = settings.activity_id
      ),
      beats AS (
        SELECT
          inputs.athlete_id,
          inputs.activity_id,
          inputs.max_hr_bpm,
          inputs.lucia_edge_2,
          inputs.lucia_edge_3,
          inputs.a,
          inputs.b,
          beat.value AS bpm,
          beat.seconds / 60 AS minutes,
          LEAST(
            1.0,
            GREATEST(0.0, SAFE_DIVIDE(beat.value - inputs.rest_hr_bpm, inputs.reserve_bpm))
          ) AS r
        FROM
          inputs
        CROSS JOIN
          UNNEST(inputs.heartrate_histogram) AS beat
        WHERE
          inputs.heartrate_coverage >= 0.5
          AND NOT inputs.hides_heartrate
      ),
      by_heart AS (
        SELECT
          athlete_id,
          activity_id,
          ROUND(SUM(minutes * r * a * EXP(b * r)), 6) AS trimp,
          ROUND(
            SUM(
              minutes * CASE
                WHEN max_hr_bpm IS NULL THEN NULL
                WHEN 100 * bpm >= 90 * max_hr_bpm THEN 5
                WHEN 100 * bpm >= 80 * max_hr_bpm THEN 4
                WHEN 100 * bpm >= 70 * max_hr_bpm THEN 3
                WHEN 100 * bpm >= 60 * max_hr_bpm THEN 2
                WHEN 100 * bpm >= 50 * max_hr_bpm THEN 1
                ELSE 0
              END
            ),
            6
          ) AS edwards,
          ROUND(
            SUM(
              minutes * CASE
                WHEN lucia_edge_2 IS NULL OR lucia_edge_3 IS NULL THEN NULL
                WHEN 100 * bpm >= lucia_edge_3 THEN 3
                WHEN 100 * bpm >= lucia_edge_2 THEN 2
                ELSE 1
              END
            ),
            6
          ) AS lucia
        FROM
          beats
        GROUP BY
          athlete_id,
          activity_id
      ),
      measured AS (
        SELECT
          inputs.*,
          by_heart.trimp AS trimp_unscaled,
          SAFE_DIVIDE(by_heart.trimp, inputs.heartrate_coverage) AS trimp,
          SAFE_DIVIDE(by_heart.edwards, inputs.heartrate_coverage) AS edwards,
          SAFE_DIVIDE(by_heart.lucia, inputs.heartrate_coverage) AS lucia,
          by_heart.activity_id IS NOT NULL AS has_heartrate,
          LEAST(
            1.0,
            GREATEST(0.0, SAFE_DIVIDE(inputs.threshold_hr_bpm - inputs.rest_hr_bpm, inputs.reserve_bpm))
          ) AS threshold_r,
          inputs.is_ride AND inputs.power_is_measured AS has_ride_power,
          IF(
            inputs.is_ride AND inputs.power_is_measured,
            SAFE_DIVIDE(inputs.normalized_power_w, inputs.ftp_w),
            NULL
          ) AS intensity_factor,
          IF(
            inputs.is_run,
            COALESCE(
              inputs.strava_gap_speed_mps,
              inputs.fitted_gap_speed_mps,
              NULLIF(inputs.average_speed_mps, 0)
            ),
            NULL
          ) AS gap_speed_mps
        FROM
          inputs
        LEFT JOIN
          by_heart
        ON
          inputs.athlete_id = by_heart.athlete_id
          AND inputs.activity_id = by_heart.activity_id
      ),
      loads AS (
        SELECT
          measured.*,
          power_s / 3600 * POW(intensity_factor, 2) * 100 AS tss,
          moving_s / 3600 * POW(SAFE_DIVIDE(gap_speed_mps, threshold_speed_mps), 2) * 100 AS rtss,
          IF(
            is_swim,
            elapsed_s / 3600 * POW(SAFE_DIVIDE(NULLIF(elapsed_speed_mps, 0), css_mps), 3) * 100,
            NULL
          ) AS swim_tss,
          100 * SAFE_DIVIDE(trimp, 60 * threshold_r * a * EXP(b * threshold_r)) AS hrtss
        FROM
          measured
      ),
      reasons AS (
        SELECT
          loads.*,
          CASE
            WHEN is_ride AND tss IS NULL THEN
              CASE
                WHEN NOT power_is_measured THEN 'no measured power'
                WHEN power_is_zero AND normalized_power_w IS NULL THEN 'measured power is 0 throughout'
                WHEN normalized_power_w IS NULL AND power_coverage >= 0.5 THEN
                  'less than 30 recorded seconds'
                WHEN normalized_power_w IS NULL AND power_coverage > 0 THEN
                  'measured power for less than half of the time'
                WHEN normalized_power_w IS NULL THEN 'no power was recorded'
                WHEN ftp_w IS NULL THEN 'no ftp_w on that day'
                ELSE 'no moving time'
              END
            WHEN is_run AND rtss IS NULL THEN
              CASE
                WHEN gap_speed_mps IS NULL THEN 'no distance or moving time'
                WHEN threshold_speed_mps IS NULL THEN 'no threshold_speed_mps on that day'
                ELSE 'no moving time'
              END
            WHEN is_swim AND swim_tss IS NULL THEN
              CASE
                WHEN NULLIF(elapsed_speed_mps, 0) IS NULL THEN 'no distance or elapsed time'
                ELSE 'no css_mps on that day'
              END
          END AS sport_load_missing_because,
          CASE
            WHEN hrtss IS NOT NULL THEN NULL
            WHEN hides_heartrate THEN 'the athlete does not want the heart rate used'
            WHEN COALESCE(heartrate_coverage, 0) = 0 AND average_heartrate_bpm IS NOT NULL THEN
              'an average heart rate, but no stream of it'
            WHEN COALESCE(heartrate_coverage, 0) = 0 THEN 'no heart rate'
            WHEN NOT has_heartrate THEN 'heart rate for less than half of the time'
            WHEN max_hr_bpm IS NULL THEN 'no max_hr_bpm on that day'
            WHEN rest_hr_bpm IS NULL THEN 'no rest_hr_bpm on that day'
            WHEN reserve_bpm IS NULL THEN 'max_hr_bpm is not above rest_hr_bpm'
            WHEN threshold_hr_bpm IS NULL THEN 'no threshold_hr_bpm on that day'
            ELSE 'threshold_hr_bpm is not above rest_hr_bpm'
          END AS hrtss_missing_because
        FROM
          loads
      )
      SELECT
        athlete_id,
        activity_id,
        local_date,
        sport_type,
        sport_group,
        COALESCE(tss, rtss, swim_tss, hrtss, relative_effort) AS load,
        CASE
          WHEN tss IS NOT NULL THEN 'tss'
          WHEN rtss IS NOT NULL THEN 'rtss'
          WHEN swim_tss IS NOT NULL THEN 'swim_tss'
          WHEN hrtss IS NOT NULL THEN 'hrtss'
          WHEN relative_effort IS NOT NULL THEN 'relative_effort'
        END AS load_source,
        IF(
          COALESCE(tss, rtss, swim_tss, hrtss, relative_effort) IS NULL,
          CONCAT(
            COALESCE(CONCAT(sport_load_missing_because, '; '), ''),
            hrtss_missing_because,
            '; no relative effort from Strava'
          ),
          NULL
        ) AS load_missing_because,
        tss,
        rtss,
        swim_tss,
        sport_load_missing_because,
        hrtss,
        trimp,
        trimp_unscaled,
        IF(trimp IS NULL, NULL, trimp_constants) AS trimp_constants,
        edwards,
        lucia,
        IF(lucia IS NULL, NULL, vt1_hr_bpm IS NULL OR vt2_hr_bpm IS NULL) AS lucia_is_by_proxy,
        relative_effort,
        hrtss_missing_because,
        power_is_measured,
        normalized_power_w,
        normalized_power_source,
        IF(normalized_power_w IS NULL, NULL, power_s < 600) AS normalized_power_is_short,
        intensity_factor,
        variability_index,
        gap_speed_mps,
        CASE
          WHEN gap_speed_mps IS NULL THEN NULL
          WHEN strava_gap_speed_mps IS NOT NULL THEN 'strava'
          WHEN fitted_gap_speed_mps IS NOT NULL THEN 'fitted'
          ELSE 'average_speed'
        END AS gap_source,
        SAFE_DIVIDE(1000, gap_speed_mps) AS gap_pace_s_per_km,
        SAFE_DIVIDE(1609.344, gap_speed_mps) AS gap_pace_s_per_mi,
        CASE
          WHEN has_ride_power THEN SAFE_DIVIDE(normalized_power_w, average_heartrate_bpm)
          WHEN is_run THEN SAFE_DIVIDE(60 * gap_speed_mps, average_heartrate_bpm)
        END AS efficiency_factor,
        CASE
          WHEN hides_heartrate THEN NULL
          WHEN has_ride_power THEN decoupling_power_pct
          WHEN is_run THEN decoupling_speed_pct
        END AS decoupling_pct,
        CASE
          WHEN hides_heartrate THEN NULL
          WHEN has_ride_power AND decoupling_power_pct IS NOT NULL THEN 'power'
          WHEN is_run AND decoupling_speed_pct IS NOT NULL THEN 'speed'
        END AS decoupling_of,
        recorded_s,
        moving_time_s,
        heartrate_coverage,
        average_heartrate_bpm,
        ftp_w,
        rest_hr_bpm,
        max_hr_bpm,
        threshold_hr_bpm,
        vt1_hr_bpm,
        vt2_hr_bpm,
        threshold_speed_mps,
        css_mps
      FROM
        reasons;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_load AS target WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_load AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.local_date IS NULL OR target.sport_type IS NULL OR target.sport_group IS NULL OR target.power_is_measured IS NULL) AND EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, local_date, sport_type, sport_group, power_is_measured'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_load AS target WHERE (target.load < 0 OR target.intensity_factor < 0 OR target.recorded_s < 0 OR target.heartrate_coverage < 0 OR target.heartrate_coverage > 1) AND EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'range: a value outside of what there can be in load, intensity_factor, recorded_s, heartrate_coverage'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_load AS target WHERE NOT EXISTS (SELECT 1 FROM ${prefix}silver.activities AS other WHERE other.athlete_id = target.athlete_id AND other.activity_id = target.activity_id) AND EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'references_silver_activities: every athlete_id, activity_id must be in silver.activities'
        WHEN EXISTS (-- By the power of that activity and the ftp_w of that day, both from where they are kept.
      SELECT 1
      FROM (SELECT * FROM ${prefix}marts.activity_load AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS loads
      LEFT JOIN (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS metrics
      ON
        loads.athlete_id = metrics.athlete_id
        AND loads.activity_id = metrics.activity_id
      LEFT JOIN ${prefix}silver.settings AS ftp
      ON
        loads.athlete_id = ftp.athlete_id
        AND ftp.name = 'ftp_w'
        AND loads.local_date >= ftp.valid_from
        AND COALESCE(loads.local_date < ftp.valid_until, TRUE)
      WHERE
        loads.tss IS NOT NULL
        AND loads.normalized_power_source = 'streams'
        AND COALESCE(
          ABS(
            loads.tss
            - metrics.recorded_s / 36 * POW(SAFE_DIVIDE(metrics.normalized_power_w, ftp.value), 2)
          ) > 0.000001 * GREATEST(1.0, loads.tss),
          TRUE
        )) THEN 'threshold_hour: tss is not 100 (NP / FTP)^2 an hour'
        WHEN EXISTS (SELECT 1
      FROM (SELECT * FROM ${prefix}marts.activity_load AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS loads
      WHERE
        (loads.load IS NULL) = (loads.load_missing_because IS NULL)
        OR (loads.load IS NULL) != (loads.load_source IS NULL)) THEN 'load_or_reason: there is a load and a reason why not, or neither'
        WHEN EXISTS (SELECT 1
      FROM (SELECT * FROM ${prefix}marts.activity_load AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS loads
      WHERE
        loads.load < 0) THEN 'no_negative_load: a load below 0'
        WHEN EXISTS (SELECT 1
      FROM (SELECT * FROM ${prefix}marts.activity_load AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS loads
      WHERE
        loads.tss IS NOT NULL
        AND NOT loads.power_is_measured) THEN 'measured_power_only: a tss from power that nobody measured'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.activity_load']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.activity_load', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.activity_load']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.activity_zones: one row per activity, kind of zones and zone, zones without a second included
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.settings') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.activity_zones', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.settings') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.activity_zones']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.activities', 'silver.metrics', 'silver.settings') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.activity_zones AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.activity_zones (athlete_id, activity_id, kind, zone, local_date, week_start, sport_type, sport_group, zone_from, zone_until, zones_source, seconds, share)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      metrics AS (
        SELECT
          *
        FROM
          ${prefix}silver.metrics
      ),
      sports AS (
        SELECT
          sport_type,
          sport_group
        FROM
          ${prefix}silver.sports
      ),
      settings AS (
        SELECT
          athlete_id,
          name,
          value,
          valid_from,
          COALESCE(valid_until, DATE '9999-12-31') AS valid_until
        FROM
          ${prefix}silver.settings
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
        AND zones.zone = placed.zone;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_zones AS target WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id) GROUP BY target.athlete_id, target.activity_id, target.kind, target.zone HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id, kind, zone must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_zones AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.kind IS NULL OR target.zone IS NULL OR target.local_date IS NULL OR target.week_start IS NULL OR target.sport_type IS NULL OR target.sport_group IS NULL OR target.zone_from IS NULL OR target.zones_source IS NULL OR target.seconds IS NULL) AND EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'required: there must be a value in athlete_id, activity_id, kind, zone, local_date, week_start, sport_type, sport_group, zone_from, zones_source, seconds'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_zones AS target WHERE (target.zone < 1 OR target.zone > 20 OR target.seconds < 0 OR target.share < 0 OR target.share > 1) AND EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'range: a value outside of what there can be in zone, seconds, share'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.activity_zones AS target WHERE NOT EXISTS (SELECT 1 FROM ${prefix}silver.activities AS other WHERE other.athlete_id = target.athlete_id AND other.activity_id = target.activity_id) AND EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = target.athlete_id AND changed.activity_id = target.activity_id)) THEN 'references_silver_activities: every athlete_id, activity_id must be in silver.activities'
        WHEN EXISTS (SELECT 1
      FROM (
        SELECT
          zones.athlete_id,
          zones.activity_id,
          zones.kind,
          SUM(zones.seconds) AS seconds
        FROM
          (SELECT * FROM ${prefix}marts.activity_zones AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS zones
        GROUP BY
          zones.athlete_id,
          zones.activity_id,
          zones.kind
      ) AS placed
      INNER JOIN (
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          'heart_rate' AS kind,
          SUM(bar.seconds) AS seconds
        FROM
          (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS metrics
        CROSS JOIN
          UNNEST(metrics.heartrate_histogram) AS bar
        GROUP BY
          metrics.athlete_id,
          metrics.activity_id
        UNION ALL
        SELECT
          metrics.athlete_id,
          metrics.activity_id,
          'power',
          SUM(bar.seconds)
        FROM
          (SELECT * FROM ${prefix}silver.metrics AS src WHERE EXISTS (SELECT 1 FROM touched_loads AS changed WHERE changed.athlete_id = src.athlete_id AND changed.activity_id = src.activity_id)) AS metrics
        CROSS JOIN
          UNNEST(metrics.power_histogram) AS bar
        GROUP BY
          metrics.athlete_id,
          metrics.activity_id
      ) AS recorded
      ON
        placed.athlete_id = recorded.athlete_id
        AND placed.activity_id = recorded.activity_id
        AND placed.kind = recorded.kind
      WHERE
        placed.seconds != recorded.seconds) THEN 'every_second_once: the zones do not add up to the recorded seconds that have a value'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.activity_zones']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.activity_zones', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.activity_zones']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.record_history: one row per record and activity that set it
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.efforts', 'silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.record_history', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.efforts', 'silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.record_history']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.efforts', 'silver.grouped_activities', 'silver.metrics') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.record_history AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.record_history (athlete_id, sport_group, indoor, record, extent, name, activity_id, sport_type, activity_name, commute, race, local_date, started_at, value, unit, distance_km, distance_mi, speed_kmh, speed_mph, pace_s_per_km, pace_s_per_mi, pace_s_per_100m, pace_s_per_100yd, elevation_gain_m, elevation_gain_ft, start_index, end_index, previous_value, broken_on)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.grouped_activities
        WHERE
          NOT flagged
      ),
      metrics AS (
        SELECT
          athlete_id,
          activity_id,
          max_heartrate_bpm
        FROM
          ${prefix}silver.metrics
      ),
      efforts AS (
        SELECT
          *
        FROM
          ${prefix}silver.efforts
      ),
      power AS (
        SELECT
          *
        FROM
          ${prefix}silver.curve_points
        WHERE
          curve = 'power'
          AND duration_s IN (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
      ),
      heartrates AS (
        SELECT
          activities.athlete_id,
          activities.activity_id,
          COALESCE(activities.max_heartrate_bpm, metrics.max_heartrate_bpm) AS max_heartrate_bpm
        FROM
          activities
        LEFT JOIN
          metrics
        ON
          activities.athlete_id = metrics.athlete_id
          AND activities.activity_id = metrics.activity_id
        WHERE
          NOT activities.heartrate_opt_out
      ),
      averages AS (
        SELECT
          athlete_id,
          activity_id,
          -- A race is by the clock, and the clock does not stop.
          SAFE_DIVIDE(
            distance_m,
            IF(race, GREATEST(moving_time_s, COALESCE(elapsed_time_s, 0)), moving_time_s)
          ) AS speed_mps,
          -- What nobody averages is an activity of another sport.
          CASE sport_group
            WHEN 'run' THEN 6.7
            WHEN 'walk' THEN 4.5
            WHEN 'swim' THEN 2.2
            WHEN 'ride' THEN 20.0
          END AS limit_mps
        FROM
          activities
        WHERE
          moving_time_s >= 1200
      ),
      candidates AS (
        SELECT
          athlete_id,
          activity_id,
          'best_effort' AS record,
          distance_m AS extent,
          CONCAT('best effort ', distance_name) AS name,
          CAST(elapsed_time_s AS FLOAT64) AS value,
          's' AS unit,
          -1.0 * elapsed_time_s AS score,
          start_index,
          end_index
        FROM
          efforts
        UNION ALL
        SELECT
          athlete_id,
          activity_id,
          'peak_power',
          duration_s,
          CONCAT('peak power ', CAST(duration_s AS STRING), ' s'),
          value,
          'W',
          value,
          NULL,
          NULL
        FROM
          power
        UNION ALL
        SELECT
          athlete_id,
          activity_id,
          'peak_heartrate',
          0,
          'peak heart rate',
          max_heartrate_bpm,
          'bpm',
          max_heartrate_bpm,
          NULL,
          NULL
        FROM
          heartrates
        WHERE
          max_heartrate_bpm BETWEEN 30 AND 240
        UNION ALL
        SELECT
          athlete_id,
          activity_id,
          'fastest_average',
          0,
          'fastest average',
          speed_mps,
          'm/s',
          speed_mps,
          NULL,
          NULL
        FROM
          averages
        WHERE
          speed_mps > 0
          AND speed_mps <= COALESCE(limit_mps, speed_mps)
        UNION ALL
        SELECT
          athlete_id,
          activity_id,
          'longest_distance',
          0,
          'longest distance',
          distance_m,
          'm',
          distance_m,
          NULL,
          NULL
        FROM
          activities
        WHERE
          distance_m > 0
        UNION ALL
        SELECT
          athlete_id,
          activity_id,
          'longest_time',
          0,
          'longest time',
          CAST(moving_time_s AS FLOAT64),
          's',
          CAST(moving_time_s AS FLOAT64),
          NULL,
          NULL
        FROM
          activities
        WHERE
          moving_time_s > 0
        UNION ALL
        SELECT
          athlete_id,
          activity_id,
          'biggest_climb',
          0,
          'biggest climb',
          elevation_gain_m,
          'm',
          elevation_gain_m,
          NULL,
          NULL
        FROM
          activities
        WHERE
          elevation_gain_m > 0
      ),
      placed AS (
        SELECT
          candidates.*,
          activities.sport_group,
          activities.indoor,
          activities.started_at,
          EXTRACT(YEAR FROM activities.started_at) AS year
        FROM
          candidates
        INNER JOIN
          activities
        ON
          candidates.athlete_id = activities.athlete_id
          AND candidates.activity_id = activities.activity_id
      ),
      bests_of_years AS (
        SELECT
          athlete_id,
          sport_group,
          indoor,
          record,
          extent,
          year,
          MAX(score) AS score
        FROM
          placed
        GROUP BY
          athlete_id,
          sport_group,
          indoor,
          record,
          extent,
          year
      ),
      years AS (
        SELECT
          athlete_id,
          sport_group,
          indoor,
          record,
          extent,
          year,
          MAX(score) OVER (
            PARTITION BY athlete_id, sport_group, indoor, record, extent
            ORDER BY year
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
          ) AS score_before
        FROM
          bests_of_years
      ),
      promising AS (
        -- Of all years' candidates few are better than the years before theirs: these alone are ordered.
        SELECT
          placed.*
        FROM
          placed
        INNER JOIN
          years
        ON
          placed.athlete_id = years.athlete_id
          AND placed.sport_group = years.sport_group
          AND placed.indoor = years.indoor
          AND placed.record = years.record
          AND placed.extent = years.extent
          AND placed.year = years.year
        WHERE
          years.score_before IS NULL
          OR placed.score > years.score_before
      ),
      compared AS (
        SELECT
          *,
          MAX(score) OVER (
            PARTITION BY athlete_id, sport_group, indoor, record, extent
            ORDER BY started_at, activity_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
          ) AS score_before
        FROM
          promising
      ),
      breaking AS (
        SELECT
          *
        FROM
          compared
        WHERE
          score_before IS NULL
          OR score > score_before
      ),
      broken AS (
        SELECT
          breaking.*,
          activities.sport_type,
          activities.name AS activity_name,
          activities.commute,
          activities.race,
          activities.local_date,
          CASE breaking.record
            WHEN 'best_effort' THEN SAFE_DIVIDE(breaking.extent, breaking.value)
            WHEN 'fastest_average' THEN breaking.value
          END AS speed_mps,
          CASE breaking.record
            WHEN 'best_effort' THEN CAST(breaking.extent AS FLOAT64)
            WHEN 'longest_distance' THEN breaking.value
          END AS distance_m,
          IF(breaking.record = 'biggest_climb', breaking.value, NULL) AS elevation_gain_m,
          LAG(breaking.value) OVER steps AS previous_value,
          LEAD(activities.local_date) OVER steps AS broken_on
        FROM
          breaking
        INNER JOIN
          activities
        ON
          breaking.athlete_id = activities.athlete_id
          AND breaking.activity_id = activities.activity_id
        WINDOW
          steps AS (
            PARTITION BY
              breaking.athlete_id,
              breaking.sport_group,
              breaking.indoor,
              breaking.record,
              breaking.extent
            ORDER BY breaking.started_at, breaking.activity_id
          )
      )
      SELECT
        athlete_id,
        sport_group,
        indoor,
        record,
        extent,
        name,
        activity_id,
        sport_type,
        activity_name,
        commute,
        race,
        local_date,
        started_at,
        value,
        unit,
        distance_m / 1000 AS distance_km,
        distance_m / 1609.344 AS distance_mi,
        3.6 * speed_mps AS speed_kmh,
        3600 * speed_mps / 1609.344 AS speed_mph,
        SAFE_DIVIDE(1000, speed_mps) AS pace_s_per_km,
        SAFE_DIVIDE(1609.344, speed_mps) AS pace_s_per_mi,
        IF(sport_group = 'swim', SAFE_DIVIDE(100, speed_mps), NULL) AS pace_s_per_100m,
        IF(sport_group = 'swim', SAFE_DIVIDE(91.44, speed_mps), NULL) AS pace_s_per_100yd,
        elevation_gain_m,
        elevation_gain_m / 0.3048 AS elevation_gain_ft,
        start_index,
        end_index,
        previous_value,
        broken_on
      FROM
        broken;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.record_history AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.indoor, target.record, target.extent, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, indoor, record, extent, activity_id must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.record_history AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.indoor IS NULL OR target.record IS NULL OR target.extent IS NULL OR target.name IS NULL OR target.activity_id IS NULL OR target.sport_type IS NULL OR target.commute IS NULL OR target.race IS NULL OR target.local_date IS NULL OR target.started_at IS NULL OR target.value IS NULL OR target.unit IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, indoor, record, extent, name, activity_id, sport_type, commute, race, local_date, started_at, value, unit'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.record_history']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.record_history', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.record_history']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.vdot: one row per activity
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.efforts') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.vdot', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.efforts') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.vdot']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.efforts') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.vdot AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.vdot (athlete_id, activity_id, local_date, race, vdot, distance_m, distance_name, elapsed_time_s, pace_s_per_km, pace_s_per_mi, best_90_days)
      WITH efforts AS (
        SELECT
          *
        FROM
          ${prefix}silver.efforts
      ),
      paced AS (
        SELECT
          *,
          elapsed_time_s / 60 AS minutes,
          SAFE_DIVIDE(60 * distance_m, elapsed_time_s) AS metres_a_minute
        FROM
          efforts
        WHERE
          sport_group = 'run'
          AND NOT indoor
          AND distance_m >= 1500
          AND elapsed_time_s BETWEEN 210 AND 14400
      ),
      scored AS (
        -- Oxygen that the speed costs, over the share of the greatest uptake that lasts so long.
        SELECT
          *,
          SAFE_DIVIDE(
            -4.6 + 0.182258 * metres_a_minute + 0.000104 * metres_a_minute * metres_a_minute,
            0.8 + 0.1894393 * EXP(-0.012778 * minutes) + 0.2989558 * EXP(-0.1932605 * minutes)
          ) AS vdot
        FROM
          paced
      ),
      best AS (
        SELECT
          *
        FROM
          scored
        QUALIFY
          ROW_NUMBER() OVER (
            PARTITION BY athlete_id, activity_id
            ORDER BY vdot DESC, distance_m
          ) = 1
      )
      SELECT
        athlete_id,
        activity_id,
        local_date,
        race,
        vdot,
        distance_m,
        distance_name,
        elapsed_time_s,
        SAFE_DIVIDE(1000 * elapsed_time_s, distance_m) AS pace_s_per_km,
        SAFE_DIVIDE(1609.344 * elapsed_time_s, distance_m) AS pace_s_per_mi,
        MAX(vdot) OVER (
          PARTITION BY athlete_id
          ORDER BY UNIX_DATE(local_date)
          RANGE BETWEEN 89 PRECEDING AND CURRENT ROW
        ) AS best_90_days
      FROM
        best;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.vdot AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.activity_id HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, activity_id must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.vdot AS target WHERE (target.athlete_id IS NULL OR target.activity_id IS NULL OR target.local_date IS NULL OR target.race IS NULL OR target.vdot IS NULL OR target.distance_m IS NULL OR target.distance_name IS NULL OR target.elapsed_time_s IS NULL OR target.pace_s_per_km IS NULL OR target.pace_s_per_mi IS NULL OR target.best_90_days IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, activity_id, local_date, race, vdot, distance_m, distance_name, elapsed_time_s, pace_s_per_km, pace_s_per_mi, best_90_days'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.vdot AS target WHERE (target.vdot < 0 OR target.vdot > 120) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in vdot'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.vdot']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.vdot', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.vdot']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.eddington: one row per athlete, sport group and unit
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.eddington', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.eddington']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.eddington AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.eddington (athlete_id, sport_group, unit, eddington, next_distance, days_to_next)
      WITH days AS (
        SELECT
          *
        FROM
          ${prefix}silver.sport_days
      ),
      units AS (
        SELECT
          length.unit,
          length.metres
        FROM
          UNNEST([STRUCT('km' AS unit, 1000.0 AS metres), STRUCT('mi', 1609.344)]) AS length
      ),
      ranked AS (
        SELECT
          days.athlete_id,
          days.sport_group,
          units.unit,
          units.metres,
          days.distance_m,
          ROW_NUMBER() OVER (
            PARTITION BY days.athlete_id, days.sport_group, units.unit
            ORDER BY days.distance_m DESC
          ) AS place
        FROM
          days
        CROSS JOIN
          units
        WHERE
          days.distance_m > 0
      ),
      numbers AS (
        -- Days are known to the millimetre, and so is what they are compared with.
        SELECT
          athlete_id,
          sport_group,
          unit,
          COALESCE(MAX(IF(distance_m >= ROUND(place * metres, 3), place, NULL)), 0) AS eddington
        FROM
          ranked
        GROUP BY
          athlete_id,
          sport_group,
          unit
      )
      SELECT
        numbers.athlete_id,
        numbers.sport_group,
        numbers.unit,
        numbers.eddington,
        numbers.eddington + 1 AS next_distance,
        numbers.eddington + 1 - COUNTIF(
          ranked.distance_m >= ROUND((numbers.eddington + 1) * ranked.metres, 3)
        ) AS days_to_next
      FROM
        numbers
      INNER JOIN
        ranked
      ON
        numbers.athlete_id = ranked.athlete_id
        AND numbers.sport_group = ranked.sport_group
        AND numbers.unit = ranked.unit
      GROUP BY
        numbers.athlete_id,
        numbers.sport_group,
        numbers.unit,
        numbers.eddington;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.eddington AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.unit HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, unit must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.eddington AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.unit IS NULL OR target.eddington IS NULL OR target.next_distance IS NULL OR target.days_to_next IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, unit, eddington, next_distance, days_to_next'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.eddington AS target WHERE (target.eddington < 0 OR target.days_to_next < 0) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in eddington, days_to_next'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.eddington']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.eddington', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.eddington']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.streaks: one row per athlete, sport group and unit
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.today') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.streaks', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.today') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.streaks']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.today') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.streaks AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.streaks (athlete_id, sport_group, unit, longest_length, longest_from, longest_to, current_length, current_from, last_on, as_of)
      WITH days AS (
        SELECT
          athlete_id,
          sport_group,
          local_date,
          UNIX_DATE(local_date) AS day_number,
          -- Weeks begin on Mondays; day 0, 1970-01-01, was a Thursday.
          DIV((UNIX_DATE(local_date) + 3), 7) AS week_number
        FROM
          ${prefix}silver.sport_days
      ),
      today AS (
        SELECT
          athlete_id,
          local_date AS as_of
        FROM
          ${prefix}silver.today
      ),
      active AS (
        SELECT
          athlete_id,
          sport_group,
          'days' AS unit,
          day_number AS number,
          local_date AS first_on,
          local_date AS last_on
        FROM
          days
        UNION ALL
        SELECT
          athlete_id,
          sport_group,
          'weeks',
          week_number,
          MIN(local_date),
          MAX(local_date)
        FROM
          days
        GROUP BY
          athlete_id,
          sport_group,
          week_number
      ),
      islands AS (
        -- Within a streak, the number and the rank grow alike.
        SELECT
          *,
          number - ROW_NUMBER() OVER (
            PARTITION BY athlete_id, sport_group, unit
            ORDER BY number
          ) AS island
        FROM
          active
      ),
      streaks AS (
        SELECT
          athlete_id,
          sport_group,
          unit,
          COUNT(*) AS length,
          MIN(first_on) AS first_on,
          MAX(last_on) AS last_on,
          MAX(number) AS last_number
        FROM
          islands
        GROUP BY
          athlete_id,
          sport_group,
          unit,
          island
      ),
      ranked AS (
        SELECT
          *,
          ROW_NUMBER() OVER (
            PARTITION BY athlete_id, sport_group, unit
            ORDER BY length DESC, first_on
          ) AS place,
          ROW_NUMBER() OVER (
            PARTITION BY athlete_id, sport_group, unit
            ORDER BY last_on DESC
          ) AS place_from_end
        FROM
          streaks
      ),
      alive AS (
        SELECT
          ranked.*,
          today.as_of,
          place_from_end = 1
          AND last_number >= -1 + IF(
            unit = 'days',
            UNIX_DATE(today.as_of),
            DIV((UNIX_DATE(today.as_of) + 3), 7)
          ) AS still_runs
        FROM
          ranked
        INNER JOIN
          today
        ON
          ranked.athlete_id = today.athlete_id
      )
      SELECT
        athlete_id,
        sport_group,
        unit,
        MAX(IF(place = 1, length, NULL)) AS longest_length,
        MAX(IF(place = 1, first_on, NULL)) AS longest_from,
        MAX(IF(place = 1, last_on, NULL)) AS longest_to,
        MAX(IF(still_runs, length, 0)) AS current_length,
        MAX(IF(still_runs, first_on, NULL)) AS current_from,
        MAX(last_on) AS last_on,
        MAX(as_of) AS as_of
      FROM
        alive
      GROUP BY
        athlete_id,
        sport_group,
        unit;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.streaks AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.unit HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, unit must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.streaks AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.unit IS NULL OR target.longest_length IS NULL OR target.longest_from IS NULL OR target.longest_to IS NULL OR target.current_length IS NULL OR target.last_on IS NULL OR target.as_of IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, unit, longest_length, longest_from, longest_to, current_length, last_on, as_of'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.streaks AS target WHERE (target.longest_length < 1 OR target.current_length < 0) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in longest_length, current_length'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.streaks']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.streaks', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.streaks']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.year_over_year: one row per athlete, sport group, year, month and day
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.today') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.year_over_year', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.today') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.year_over_year']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.grouped_activities', 'silver.today') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.year_over_year AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.year_over_year (athlete_id, sport_group, year, month, day, activities, distance_m, distance_km, distance_mi, moving_time_s, elevation_gain_m, elevation_gain_ft)
      WITH days AS (
        SELECT
          *,
          EXTRACT(YEAR FROM local_date) AS year,
          EXTRACT(MONTH FROM local_date) AS month,
          EXTRACT(DAY FROM local_date) AS day
        FROM
          ${prefix}silver.sport_days
      ),
      today AS (
        SELECT
          *
        FROM
          ${prefix}silver.today
      ),
      calendar AS (
        -- Of a leap year, for all years alike.
        SELECT
          EXTRACT(MONTH FROM date) AS month,
          EXTRACT(DAY FROM date) AS day
        FROM
          UNNEST(GENERATE_DATE_ARRAY(DATE '2024-01-01', DATE '2024-12-31')) AS date
      ),
      spans AS (
        SELECT
          days.athlete_id,
          days.sport_group,
          MIN(days.year) AS first_year,
          MAX(today.local_date) AS last_day
        FROM
          days
        INNER JOIN
          today
        ON
          days.athlete_id = today.athlete_id
        GROUP BY
          days.athlete_id,
          days.sport_group
      ),
      years AS (
        SELECT
          spans.athlete_id,
          spans.sport_group,
          spans.last_day,
          year
        FROM
          spans
        CROSS JOIN
          UNNEST(GENERATE_ARRAY(spans.first_year, EXTRACT(YEAR FROM spans.last_day))) AS year
      ),
      grid AS (
        SELECT
          years.athlete_id,
          years.sport_group,
          years.year,
          calendar.month,
          calendar.day
        FROM
          years
        CROSS JOIN
          calendar
        WHERE
          years.year < EXTRACT(YEAR FROM years.last_day)
          OR calendar.month < EXTRACT(MONTH FROM years.last_day)
          OR (
            calendar.month = EXTRACT(MONTH FROM years.last_day)
            AND calendar.day <= EXTRACT(DAY FROM years.last_day)
          )
      ),
      running AS (
        SELECT
          grid.athlete_id,
          grid.sport_group,
          grid.year,
          grid.month,
          grid.day,
          SUM(COALESCE(days.activities, 0)) OVER so_far AS activities,
          ROUND(SUM(COALESCE(days.distance_m, 0)) OVER so_far, 3) AS distance_m,
          SUM(COALESCE(days.moving_time_s, 0)) OVER so_far AS moving_time_s,
          ROUND(SUM(COALESCE(days.elevation_gain_m, 0)) OVER so_far, 3) AS elevation_gain_m
        FROM
          grid
        LEFT JOIN
          days
        ON
          grid.athlete_id = days.athlete_id
          AND grid.sport_group = days.sport_group
          AND grid.year = days.year
          AND grid.month = days.month
          AND grid.day = days.day
        WINDOW
          so_far AS (
            PARTITION BY grid.athlete_id, grid.sport_group, grid.year
            ORDER BY grid.month, grid.day
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          )
      )
      SELECT
        athlete_id,
        sport_group,
        year,
        month,
        day,
        activities,
        distance_m,
        distance_m / 1000 AS distance_km,
        distance_m / 1609.344 AS distance_mi,
        moving_time_s,
        elevation_gain_m,
        elevation_gain_m / 0.3048 AS elevation_gain_ft
      FROM
        running;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.year_over_year AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.year, target.month, target.day HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, year, month, day must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.year_over_year AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.year IS NULL OR target.month IS NULL OR target.day IS NULL OR target.activities IS NULL OR target.distance_m IS NULL OR target.distance_km IS NULL OR target.distance_mi IS NULL OR target.moving_time_s IS NULL OR target.elevation_gain_m IS NULL OR target.elevation_gain_ft IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, year, month, day, activities, distance_m, distance_km, distance_mi, moving_time_s, elevation_gain_m, elevation_gain_ft'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.year_over_year AS target WHERE (target.month < 1 OR target.month > 12 OR target.day < 1 OR target.day > 31 OR target.activities < 0) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in month, day, activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.year_over_year']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.year_over_year', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.year_over_year']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.fitness_daily: one row per athlete and day
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_load', 'silver.settings', 'silver.today') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.fitness_daily', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_load', 'silver.settings', 'silver.today') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.fitness_daily']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_load', 'silver.settings', 'silver.today') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.fitness_daily AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.fitness_daily (athlete_id, local_date, day_number, activities, activities_without_load, load, ctl, atl, tsb, tsb_same_day, ramp, load_7d, load_28d, acwr, acute_load_ewma, chronic_load_ewma, acwr_ewma, monotony, strain, warming_up, ctl_days, atl_days)
      WITH loads AS (
        SELECT
          *
        FROM
          ${prefix}marts.activity_load
      ),
      today AS (
        SELECT
          *
        FROM
          ${prefix}silver.today
      ),
      days_before AS (
        -- What this table itself has from before the days that are rebuilt; nothing on a full run.
        SELECT
          *
        FROM
          (SELECT * FROM ${prefix}marts.fitness_daily AS src WHERE FALSE) AS fitness_daily
      ),
      parameters AS (
        -- How long the means are, and what an athlete who trained before there was data had on the eve.
        SELECT
          athlete_id,
          name,
          value,
          valid_from,
          COALESCE(valid_until, DATE '9999-12-31') AS valid_until
        FROM
          ${prefix}silver.settings
        WHERE
          name IN ('ctl_days', 'atl_days', 'ctl_seed', 'atl_seed')
      ),
      lengths AS (
        SELECT
          'ctl' AS series,
          42.0 AS days
        UNION ALL
        SELECT
          'atl',
          7.0
        UNION ALL
        SELECT
          'acute',
          7.0
        UNION ALL
        SELECT
          'chronic',
          28.0
      ),
      lengths_before AS (
        SELECT
          athlete_id,
          MAX(local_date) AS last_date,
          MAX(day_number) AS days
        FROM
          days_before
        GROUP BY
          athlete_id
      ),
      active_days AS (
        -- Sums are rounded, so that the order in which rows are added up does not show.
        SELECT
          athlete_id,
          local_date,
          COUNT(*) AS activities,
          COUNTIF(load IS NULL) AS activities_without_load,
          ROUND(COALESCE(SUM(load), 0), 6) AS load
        FROM
          loads
        GROUP BY
          athlete_id,
          local_date
      ),
      spans AS (
        SELECT
          today.athlete_id,
          COALESCE(
            CAST(DATE_ADD(MAX(lengths_before.last_date), INTERVAL 1 DAY) AS DATE),
            MIN(active_days.local_date)
          ) AS first_date,
          MAX(today.local_date) AS last_date,
          COALESCE(MAX(lengths_before.days), 0) AS days_before
        FROM
          today
        LEFT JOIN
          active_days
        ON
          today.athlete_id = active_days.athlete_id
        LEFT JOIN
          lengths_before
        ON
          today.athlete_id = lengths_before.athlete_id
        GROUP BY
          today.athlete_id
      ),
      first_days AS (
        SELECT
          athlete_id,
          CAST(DATE_SUB(first_date, INTERVAL days_before DAY) AS DATE) AS local_date,
          days_before = 0 AS is_new
        FROM
          spans
      ),
      parameters_of_first_days AS (
        -- They are of a whole series: what holds on its first day counts.
        SELECT
          parameters.athlete_id,
          parameters.name,
          parameters.value,
          first_days.is_new
        FROM
          parameters
        INNER JOIN
          first_days
        ON
          parameters.athlete_id = first_days.athlete_id
          AND first_days.local_date >= parameters.valid_from
          AND first_days.local_date < parameters.valid_until
      ),
      seeds_of_first_days AS (
        SELECT
          athlete_id,
          REPLACE(name, '_seed', '') AS series,
          value,
          is_new
        FROM
          parameters_of_first_days
        WHERE
          name IN ('ctl_seed', 'atl_seed')
      ),
      eves AS (
        SELECT
          athlete_id,
          SUM(IF(series = 'ctl', value, -value)) AS tsb
        FROM
          seeds_of_first_days
        WHERE
          is_new
        GROUP BY
          athlete_id
      ),
      lengths_of_athletes AS (
        SELECT
          first_days.athlete_id,
          lengths.series,
          COALESCE(parameters_of_first_days.value, lengths.days) AS days
        FROM
          first_days
        CROSS JOIN
          lengths
        LEFT JOIN
          parameters_of_first_days
        ON
          first_days.athlete_id = parameters_of_first_days.athlete_id
          AND CONCAT(lengths.series, '_days') = parameters_of_first_days.name
      ),
      weights AS (
        -- The one place where the weight of a day is said: 1 - e^(-1/N) for N days, and for acute and
        -- chronic 2 / (N + 1), as in Williams 2017.
        SELECT
          athlete_id,
          series,
          days,
          IF(series IN ('ctl', 'atl'), 1 - EXP(-SAFE_DIVIDE(1, days)), SAFE_DIVIDE(2, days + 1)) AS weight
        FROM
          lengths_of_athletes
      ),
      dates AS (
        SELECT
          spans.athlete_id,
          day AS local_date,
          spans.days_before + DATE_DIFF(day, spans.first_date, DAY) + 1 AS day_number
        FROM
          spans
        CROSS JOIN
          UNNEST(GENERATE_DATE_ARRAY(spans.first_date, spans.last_date)) AS day
      ),
      new_days AS (
        SELECT
          dates.athlete_id,
          dates.local_date,
          dates.day_number,
          COALESCE(active_days.activities, 0) AS activities,
          COALESCE(active_days.activities_without_load, 0) AS activities_without_load,
          COALESCE(active_days.load, 0) AS load
        FROM
          dates
        LEFT JOIN
          active_days
        ON
          dates.athlete_id = active_days.athlete_id
          AND dates.local_date = active_days.local_date
      ),
      loads_of_days AS (
        SELECT
          athlete_id,
          day_number,
          day_number - 1 AS days_since_first,
          load,
          FALSE AS is_new
        FROM
          days_before
        UNION ALL
        SELECT
          athlete_id,
          day_number,
          day_number - 1,
          load,
          TRUE
        FROM
          new_days
      ),
      terms AS (
        -- In blocks of 16 days, counted from the first, within which powers of the weights stay small; and
        -- in whole numbers, whose sums are the same wherever a rebuild begins and in whatever order.
        SELECT
          loads_of_days.athlete_id,
          weights.series,
          weights.weight,
          loads_of_days.day_number,
          loads_of_days.is_new,
          DIV(loads_of_days.days_since_first, 16) AS block,
          MOD(loads_of_days.days_since_first, 16) AS place,
          CAST(
            ROUND(
              100000000000 * loads_of_days.load
              * POW(1 - weights.weight, -MOD(loads_of_days.days_since_first, 16))
            ) AS INT64
          ) AS term
        FROM
          loads_of_days
        INNER JOIN
          weights
        ON
          loads_of_days.athlete_id = weights.athlete_id
      ),
      blocks AS (
        SELECT
          athlete_id,
          series,
          block,
          weight,
          SUM(term) AS terms,
          LOGICAL_OR(is_new) AS is_new
        FROM
          terms
        GROUP BY
          athlete_id,
          series,
          block,
          weight
      ),
      block_ends AS (
        SELECT
          athlete_id,
          series,
          block,
          weight * POW(1 - weight, 15) * terms / 100000000000 AS value
        FROM
          blocks
        UNION ALL
        SELECT
          athlete_id,
          series,
          -1,
          value
        FROM
          seeds_of_first_days
      ),
      brought_in AS (
        -- What all blocks before have left, at the end of the last of them.
        SELECT
          blocks.athlete_id,
          blocks.series,
          blocks.block,
          SUM(
            CAST(
              ROUND(
                1000000000000 * block_ends.value
                * POW(1 - blocks.weight, 16 * (blocks.block - 1 - block_ends.block))
              ) AS INT64
            )
          ) / 1000000000000 AS value
        FROM
          blocks
        INNER JOIN
          block_ends
        ON
          blocks.athlete_id = block_ends.athlete_id
          AND blocks.series = block_ends.series
          AND block_ends.block < blocks.block
        WHERE
          blocks.is_new
        GROUP BY
          blocks.athlete_id,
          blocks.series,
          blocks.block
      ),
      in_blocks AS (
        -- x(k) = weight * sum of load(j) * (1 - weight)^(k - j): the mean as if nothing were before.
        SELECT
          terms.athlete_id,
          terms.series,
          terms.day_number,
          terms.block,
          terms.place,
          terms.weight,
          terms.weight * POW(1 - terms.weight, terms.place) * SUM(terms.term) OVER (
            PARTITION BY terms.athlete_id, terms.series, terms.block
            ORDER BY terms.place
          ) / 100000000000 AS value
        FROM
          terms
        INNER JOIN
          blocks
        ON
          terms.athlete_id = blocks.athlete_id
          AND terms.series = blocks.series
          AND terms.block = blocks.block
          AND blocks.is_new
      ),
      means AS (
        SELECT
          in_blocks.athlete_id,
          in_blocks.day_number,
          in_blocks.series,
          in_blocks.value
          + COALESCE(brought_in.value, 0) * POW(1 - in_blocks.weight, in_blocks.place + 1) AS value
        FROM
          in_blocks
        LEFT JOIN
          brought_in
        ON
          in_blocks.athlete_id = brought_in.athlete_id
          AND in_blocks.series = brought_in.series
          AND in_blocks.block = brought_in.block
      ),
      means_of_days AS (
        SELECT
          athlete_id,
          day_number,
          MAX(IF(series = 'ctl', value, NULL)) AS ctl,
          MAX(IF(series = 'atl', value, NULL)) AS atl,
          MAX(IF(series = 'acute', value, NULL)) AS acute_load_ewma,
          MAX(IF(series = 'chronic', value, NULL)) AS chronic_load_ewma
        FROM
          means
        GROUP BY
          athlete_id,
          day_number
      ),
      days AS (
        SELECT
          new_days.athlete_id,
          new_days.local_date,
          TRUE AS is_new,
          new_days.day_number,
          new_days.activities,
          new_days.activities_without_load,
          new_days.load,
          means_of_days.ctl,
          means_of_days.atl,
          means_of_days.acute_load_ewma,
          means_of_days.chronic_load_ewma
        FROM
          new_days
        INNER JOIN
          means_of_days
        ON
          new_days.athlete_id = means_of_days.athlete_id
          AND new_days.day_number = means_of_days.day_number
        UNION ALL
        -- As many as the longest window reaches back.
        SELECT
          days_before.athlete_id,
          days_before.local_date,
          FALSE,
          days_before.day_number,
          days_before.activities,
          days_before.activities_without_load,
          days_before.load,
          days_before.ctl,
          days_before.atl,
          days_before.acute_load_ewma,
          days_before.chronic_load_ewma
        FROM
          days_before
        INNER JOIN
          lengths_before
        ON
          days_before.athlete_id = lengths_before.athlete_id
          AND lengths_before.days - days_before.day_number < 28
      ),
      windows AS (
        -- Rounded, so that where the rebuilt days begin does not show.
        SELECT
          days.*,
          LAG(ctl) OVER by_day AS ctl_1_day_before,
          LAG(atl) OVER by_day AS atl_1_day_before,
          LAG(ctl, 7) OVER by_day AS ctl_7_days_before,
          ROUND(SUM(load) OVER seven_days, 6) AS load_7d,
          ROUND(SUM(load) OVER four_weeks, 6) AS load_28d,
          ROUND(STDDEV_SAMP(load) OVER seven_days, 6) AS deviation
        FROM
          days
        WINDOW
          by_day AS (PARTITION BY athlete_id ORDER BY local_date),
          seven_days AS (by_day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW),
          four_weeks AS (by_day ROWS BETWEEN 27 PRECEDING AND CURRENT ROW)
      ),
      monotonies AS (
        SELECT
          windows.*,
          IF(day_number >= 7, SAFE_DIVIDE(load_7d / 7, deviation), NULL) AS monotony,
          day_number >= 28 AND load_28d / 28 >= 1 AS has_acwr,
          day_number >= 28 AND chronic_load_ewma >= 1 AS has_acwr_ewma
        FROM
          windows
      )
      SELECT
        monotonies.athlete_id,
        local_date,
        day_number,
        activities,
        activities_without_load,
        load,
        ctl,
        atl,
        COALESCE(ctl_1_day_before - atl_1_day_before, eves.tsb, 0) AS tsb,
        ctl - atl AS tsb_same_day,
        ctl - ctl_7_days_before AS ramp,
        load_7d,
        load_28d,
        IF(has_acwr, SAFE_DIVIDE(load_7d / 7, load_28d / 28), NULL) AS acwr,
        acute_load_ewma,
        chronic_load_ewma,
        IF(has_acwr_ewma, SAFE_DIVIDE(acute_load_ewma, chronic_load_ewma), NULL) AS acwr_ewma,
        monotony,
        load_7d * monotony AS strain,
        day_number <= 3 * ctl_weights.days AS warming_up,
        ctl_weights.days AS ctl_days,
        atl_weights.days AS atl_days
      FROM
        monotonies
      INNER JOIN
        weights AS ctl_weights
      ON
        monotonies.athlete_id = ctl_weights.athlete_id
        AND ctl_weights.series = 'ctl'
      INNER JOIN
        weights AS atl_weights
      ON
        monotonies.athlete_id = atl_weights.athlete_id
        AND atl_weights.series = 'atl'
      LEFT JOIN
        eves
      ON
        monotonies.athlete_id = eves.athlete_id
      WHERE
        is_new;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.fitness_daily AS target WHERE EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = target.athlete_id AND target.local_date >= changed.from_date) GROUP BY target.athlete_id, target.local_date HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, local_date must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.fitness_daily AS target WHERE (target.athlete_id IS NULL OR target.local_date IS NULL OR target.day_number IS NULL OR target.activities IS NULL OR target.activities_without_load IS NULL OR target.load IS NULL OR target.ctl IS NULL OR target.atl IS NULL OR target.tsb IS NULL OR target.tsb_same_day IS NULL OR target.load_7d IS NULL OR target.load_28d IS NULL OR target.acute_load_ewma IS NULL OR target.chronic_load_ewma IS NULL OR target.warming_up IS NULL OR target.ctl_days IS NULL OR target.atl_days IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = target.athlete_id AND target.local_date >= changed.from_date)) THEN 'required: there must be a value in athlete_id, local_date, day_number, activities, activities_without_load, load, ctl, atl, tsb, tsb_same_day, load_7d, load_28d, acute_load_ewma, chronic_load_ewma, warming_up, ctl_days, atl_days'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.fitness_daily AS target WHERE (target.day_number < 1 OR target.activities < 0 OR target.activities_without_load < 0 OR target.load < 0 OR target.ctl < 0 OR target.atl < 0 OR target.load_7d < 0 OR target.load_28d < 0 OR target.acwr < 0 OR target.acute_load_ewma < 0 OR target.chronic_load_ewma < 0 OR target.acwr_ewma < 0 OR target.monotony < 0 OR target.strain < 0 OR target.ctl_days < 1 OR target.atl_days < 1) AND EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = target.athlete_id AND target.local_date >= changed.from_date)) THEN 'range: a value outside of what there can be in day_number, activities, activities_without_load, load, ctl, atl, load_7d, load_28d, acwr, acute_load_ewma, chronic_load_ewma, acwr_ewma, monotony, strain, ctl_days, atl_days'
        WHEN EXISTS (-- It may have been above before: at the first of the rebuilt days it is what it is.
      SELECT 1
      FROM (
        SELECT
          days.ctl,
          days.atl,
          FIRST_VALUE(days.ctl) OVER from_first AS first_ctl,
          FIRST_VALUE(days.atl) OVER from_first AS first_atl,
          MAX(days.load) OVER (PARTITION BY days.athlete_id) AS greatest_load
        FROM
          (SELECT * FROM ${prefix}marts.fitness_daily AS src WHERE EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = src.athlete_id AND src.local_date >= changed.from_date)) AS days
        WINDOW
          from_first AS (PARTITION BY days.athlete_id ORDER BY days.local_date)
      ) AS rebuilt
      WHERE
        LEAST(rebuilt.ctl, rebuilt.atl) < 0
        OR rebuilt.ctl > GREATEST(rebuilt.greatest_load, rebuilt.first_ctl) + 0.000001
        OR rebuilt.atl > GREATEST(rebuilt.greatest_load, rebuilt.first_atl) + 0.000001) THEN 'bounded: fitness or fatigue rises above the greatest load of a day, or falls below 0'
        WHEN EXISTS (-- Of the first of the rebuilt days the day before is not read; but its form tells what it was.
      SELECT 1
      FROM (
        SELECT
          days.ctl,
          days.atl,
          days.tsb,
          days.load,
          EXP(-SAFE_DIVIDE(1, days.ctl_days)) AS ctl_kept,
          EXP(-SAFE_DIVIDE(1, days.atl_days)) AS atl_kept,
          LAG(days.ctl) OVER (PARTITION BY days.athlete_id ORDER BY days.local_date) AS ctl_before,
          LAG(days.atl) OVER (PARTITION BY days.athlete_id ORDER BY days.local_date) AS atl_before
        FROM
          (SELECT * FROM ${prefix}marts.fitness_daily AS src WHERE EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = src.athlete_id AND src.local_date >= changed.from_date)) AS days
      ) AS rebuilt
      WHERE
        ABS(rebuilt.load + (rebuilt.ctl_before - rebuilt.load) * rebuilt.ctl_kept - rebuilt.ctl) > 0.00001
        OR ABS(rebuilt.load + (rebuilt.atl_before - rebuilt.load) * rebuilt.atl_kept - rebuilt.atl) > 0.00001
        OR ABS(
          SAFE_DIVIDE(rebuilt.ctl - rebuilt.load, rebuilt.ctl_kept)
          - SAFE_DIVIDE(rebuilt.atl - rebuilt.load, rebuilt.atl_kept) - rebuilt.tsb
        ) > 0.00001) THEN 'follows: fitness, fatigue or form of a day does not follow from its load and the day before'
        WHEN EXISTS (SELECT 1
      FROM (
        SELECT
          days.athlete_id,
          COUNT(*) AS rows_rebuilt,
          DATE_DIFF(MAX(days.local_date), MIN(days.local_date), DAY) + 1 AS calendar_days,
          MAX(days.day_number) - MIN(days.day_number) + 1 AS numbered_days
        FROM
          (SELECT * FROM ${prefix}marts.fitness_daily AS src WHERE EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = src.athlete_id AND src.local_date >= changed.from_date)) AS days
        GROUP BY
          days.athlete_id
      ) AS rebuilt
      WHERE
        rebuilt.rows_rebuilt != rebuilt.calendar_days
        OR rebuilt.rows_rebuilt != rebuilt.numbered_days) THEN 'no_gap: a day follows that is not the next one'
        WHEN EXISTS (SELECT 1
      FROM (
        SELECT
          days.athlete_id,
          SUM(days.load) AS load,
          SUM(days.activities) AS activities
        FROM
          (SELECT * FROM ${prefix}marts.fitness_daily AS src WHERE EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = src.athlete_id AND src.local_date >= changed.from_date)) AS days
        GROUP BY
          days.athlete_id
      ) AS rebuilt
      INNER JOIN (
        SELECT
          loads.athlete_id,
          COALESCE(SUM(loads.load), 0) AS load,
          COUNT(*) AS activities
        FROM
          (SELECT * FROM ${prefix}marts.activity_load AS src WHERE EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = src.athlete_id AND src.local_date >= changed.from_date)) AS loads
        GROUP BY
          loads.athlete_id
      ) AS counted
      ON
        rebuilt.athlete_id = counted.athlete_id
      WHERE
        rebuilt.activities != counted.activities
        OR ABS(rebuilt.load - counted.load) > 0.01) THEN 'every_load_counted: the loads of the days are not those of their activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.fitness_daily']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.fitness_daily', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.fitness_daily']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.rolling: one row per athlete, day, sport group and window
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_load', 'silver.activities', 'silver.today') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.rolling', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_load', 'silver.activities', 'silver.today') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.rolling']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_load', 'silver.activities', 'silver.today') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.rolling AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.rolling (athlete_id, local_date, sport_group, window_days, window_is_full, activities, distance_m, distance_km, distance_mi, moving_time_s, elevation_gain_m, elevation_gain_ft, load, day_number)
      WITH activities AS (
        SELECT
          *
        FROM
          ${prefix}silver.activities
      ),
      loads AS (
        SELECT
          *
        FROM
          ${prefix}marts.activity_load
      ),
      days_before AS (
        -- What this table itself has from before the days that are rebuilt; nothing on a full run.
        SELECT
          *
        FROM
          (SELECT * FROM ${prefix}marts.rolling AS src WHERE FALSE) AS rolling
        WHERE
          window_days = 1
      ),
      last_days_before AS (
        SELECT
          athlete_id,
          sport_group,
          MAX(local_date) AS local_date,
          MAX(day_number) AS day_number
        FROM
          days_before
        GROUP BY
          athlete_id,
          sport_group
      ),
      described AS (
        SELECT
          activities.athlete_id,
          activities.local_date,
          [loads.sport_group, 'all'] AS sport_groups,
          activities.distance_m,
          activities.moving_time_s,
          activities.elevation_gain_m,
          loads.load
        FROM
          activities
        INNER JOIN
          loads
        ON
          activities.athlete_id = loads.athlete_id
          AND activities.activity_id = loads.activity_id
      ),
      active_days AS (
        -- Sums are rounded, so that the order in which rows are added up does not show.
        SELECT
          described.athlete_id,
          described.local_date,
          sport_group,
          COUNT(*) AS activities,
          ROUND(COALESCE(SUM(described.distance_m), 0), 3) AS distance_m,
          COALESCE(SUM(described.moving_time_s), 0) AS moving_time_s,
          ROUND(COALESCE(SUM(described.elevation_gain_m), 0), 3) AS elevation_gain_m,
          ROUND(COALESCE(SUM(described.load), 0), 6) AS load
        FROM
          described
        CROSS JOIN
          UNNEST(described.sport_groups) AS sport_group
        GROUP BY
          described.athlete_id,
          described.local_date,
          sport_group
      ),
      today AS (
        SELECT
          *
        FROM
          ${prefix}silver.today
      ),
      firsts AS (
        -- A group that was there before goes on; a new one begins with its first active day.
        SELECT
          athlete_id,
          sport_group,
          CAST(DATE_ADD(local_date, INTERVAL 1 DAY) AS DATE) AS first_date,
          day_number AS numbered
        FROM
          last_days_before
        UNION ALL
        SELECT
          active_days.athlete_id,
          active_days.sport_group,
          MIN(active_days.local_date),
          0
        FROM
          active_days
        LEFT JOIN
          last_days_before
        ON
          active_days.athlete_id = last_days_before.athlete_id
          AND active_days.sport_group = last_days_before.sport_group
        WHERE
          last_days_before.athlete_id IS NULL
        GROUP BY
          active_days.athlete_id,
          active_days.sport_group
      ),
      dates AS (
        SELECT
          firsts.athlete_id,
          firsts.sport_group,
          day AS local_date,
          firsts.numbered + DATE_DIFF(day, firsts.first_date, DAY) + 1 AS day_number
        FROM
          firsts
        INNER JOIN
          today
        ON
          firsts.athlete_id = today.athlete_id
        CROSS JOIN
          UNNEST(GENERATE_DATE_ARRAY(firsts.first_date, today.local_date)) AS day
      ),
      days AS (
        SELECT
          dates.athlete_id,
          dates.local_date,
          dates.sport_group,
          TRUE AS is_new,
          COALESCE(active_days.activities, 0) AS activities,
          COALESCE(active_days.distance_m, 0) AS distance_m,
          COALESCE(active_days.moving_time_s, 0) AS moving_time_s,
          COALESCE(active_days.elevation_gain_m, 0) AS elevation_gain_m,
          COALESCE(active_days.load, 0) AS load,
          dates.day_number
        FROM
          dates
        LEFT JOIN
          active_days
        ON
          dates.athlete_id = active_days.athlete_id
          AND dates.local_date = active_days.local_date
          AND dates.sport_group = active_days.sport_group
        UNION ALL
        -- As many as the longest window reaches back.
        SELECT
          days_before.athlete_id,
          days_before.local_date,
          days_before.sport_group,
          FALSE,
          days_before.activities,
          days_before.distance_m,
          days_before.moving_time_s,
          days_before.elevation_gain_m,
          days_before.load,
          days_before.day_number
        FROM
          days_before
        INNER JOIN
          last_days_before
        ON
          days_before.athlete_id = last_days_before.athlete_id
          AND days_before.sport_group = last_days_before.sport_group
          AND DATE_DIFF(last_days_before.local_date, days_before.local_date, DAY) < 90
      ),
      windows AS (
        SELECT
          athlete_id,
          local_date,
          sport_group,
          is_new,
          day_number,
          [
            STRUCT(
              1 AS window_days,
              activities AS activities,
              distance_m AS distance_m,
              moving_time_s AS moving_time_s,
              elevation_gain_m AS elevation_gain_m,
              load AS load
            ),
            (
              7,
              SUM(activities) OVER week,
              SUM(distance_m) OVER week,
              SUM(moving_time_s) OVER week,
              SUM(elevation_gain_m) OVER week,
              SUM(load) OVER week
            ),
            (
              28,
              SUM(activities) OVER four_weeks,
              SUM(distance_m) OVER four_weeks,
              SUM(moving_time_s) OVER four_weeks,
              SUM(elevation_gain_m) OVER four_weeks,
              SUM(load) OVER four_weeks
            ),
            (
              90,
              SUM(activities) OVER season,
              SUM(distance_m) OVER season,
              SUM(moving_time_s) OVER season,
              SUM(elevation_gain_m) OVER season,
              SUM(load) OVER season
            )
          ] AS sums
        FROM
          days
        WINDOW
          by_day AS (PARTITION BY athlete_id, sport_group ORDER BY local_date),
          week AS (by_day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW),
          four_weeks AS (by_day ROWS BETWEEN 27 PRECEDING AND CURRENT ROW),
          season AS (by_day ROWS BETWEEN 89 PRECEDING AND CURRENT ROW)
      )
      SELECT
        windows.athlete_id,
        windows.local_date,
        windows.sport_group,
        total.window_days,
        windows.day_number >= total.window_days AS window_is_full,
        total.activities,
        ROUND(total.distance_m, 3) AS distance_m,
        ROUND(total.distance_m, 3) / 1000 AS distance_km,
        ROUND(total.distance_m, 3) / 1609.344 AS distance_mi,
        total.moving_time_s,
        ROUND(total.elevation_gain_m, 3) AS elevation_gain_m,
        ROUND(total.elevation_gain_m, 3) / 0.3048 AS elevation_gain_ft,
        ROUND(total.load, 6) AS load,
        windows.day_number
      FROM
        windows
      CROSS JOIN
        UNNEST(windows.sums) AS total
      WHERE
        windows.is_new;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.rolling AS target WHERE EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = target.athlete_id AND target.local_date >= changed.from_date) GROUP BY target.athlete_id, target.local_date, target.sport_group, target.window_days HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, local_date, sport_group, window_days must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.rolling AS target WHERE (target.athlete_id IS NULL OR target.local_date IS NULL OR target.sport_group IS NULL OR target.window_days IS NULL OR target.window_is_full IS NULL OR target.activities IS NULL OR target.distance_m IS NULL OR target.distance_km IS NULL OR target.distance_mi IS NULL OR target.moving_time_s IS NULL OR target.elevation_gain_m IS NULL OR target.elevation_gain_ft IS NULL OR target.load IS NULL OR target.day_number IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = target.athlete_id AND target.local_date >= changed.from_date)) THEN 'required: there must be a value in athlete_id, local_date, sport_group, window_days, window_is_full, activities, distance_m, distance_km, distance_mi, moving_time_s, elevation_gain_m, elevation_gain_ft, load, day_number'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.rolling AS target WHERE (target.window_days < 1 OR target.window_days > 90 OR target.activities < 0 OR target.load < 0 OR target.day_number < 1) AND EXISTS (SELECT 1 FROM touched_athletes_from AS changed WHERE changed.athlete_id = target.athlete_id AND target.local_date >= changed.from_date)) THEN 'range: a value outside of what there can be in window_days, activities, load, day_number'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.rolling']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.rolling', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.rolling']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.zones_weekly: one row per athlete, ISO week, sport group, kind of zones and zone
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_zones') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.zones_weekly', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_zones') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.zones_weekly']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.activity_zones') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.zones_weekly AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.zones_weekly (athlete_id, week_start, sport_group, kind, zone, seconds, hours, share, activities)
      WITH zones AS (
        SELECT
          *
        FROM
          ${prefix}marts.activity_zones
      ),
      weeks AS (
        SELECT
          athlete_id,
          week_start,
          sport_group,
          kind,
          zone,
          SUM(seconds) AS seconds,
          COUNT(*) AS activities
        FROM
          zones
        GROUP BY
          athlete_id,
          week_start,
          sport_group,
          kind,
          zone
      )
      SELECT
        athlete_id,
        week_start,
        sport_group,
        kind,
        zone,
        seconds,
        seconds / 3600 AS hours,
        SAFE_DIVIDE(
          seconds,
          SUM(seconds) OVER (PARTITION BY athlete_id, week_start, sport_group, kind)
        ) AS share,
        activities
      FROM
        weeks;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.zones_weekly AS target WHERE EXISTS (SELECT 1 FROM touched_weeks AS changed WHERE changed.athlete_id = target.athlete_id AND changed.week_start = target.week_start) GROUP BY target.athlete_id, target.week_start, target.sport_group, target.kind, target.zone HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, week_start, sport_group, kind, zone must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.zones_weekly AS target WHERE (target.athlete_id IS NULL OR target.week_start IS NULL OR target.sport_group IS NULL OR target.kind IS NULL OR target.zone IS NULL OR target.seconds IS NULL OR target.hours IS NULL OR target.activities IS NULL) AND EXISTS (SELECT 1 FROM touched_weeks AS changed WHERE changed.athlete_id = target.athlete_id AND changed.week_start = target.week_start)) THEN 'required: there must be a value in athlete_id, week_start, sport_group, kind, zone, seconds, hours, activities'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.zones_weekly AS target WHERE (target.zone < 1 OR target.zone > 20 OR target.seconds < 0 OR target.share < 0 OR target.share > 1 OR target.activities < 0) AND EXISTS (SELECT 1 FROM touched_weeks AS changed WHERE changed.athlete_id = target.athlete_id AND changed.week_start = target.week_start)) THEN 'range: a value outside of what there can be in zone, seconds, share, activities'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.zones_weekly']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.zones_weekly', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.zones_weekly']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.heartrate_curve: one row per athlete, sport group, period and duration
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.today') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.heartrate_curve', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.today') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.heartrate_curve']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.today') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.heartrate_curve AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.heartrate_curve (athlete_id, sport_group, period, duration_s, heartrate_bpm, activity_id, local_date)
      WITH bests AS (
        SELECT
          *
        FROM
          ${prefix}silver.curve_bests
        WHERE
          curve = 'heartrate'
      )
      SELECT
        athlete_id,
        sport_group,
        period,
        duration_s,
        value AS heartrate_bpm,
        activity_id,
        local_date
      FROM
        bests;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.heartrate_curve AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.period, target.duration_s HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, period, duration_s must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.heartrate_curve AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.period IS NULL OR target.duration_s IS NULL OR target.heartrate_bpm IS NULL OR target.activity_id IS NULL OR target.local_date IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, period, duration_s, heartrate_bpm, activity_id, local_date'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.heartrate_curve AS target WHERE (target.duration_s < 1 OR target.heartrate_bpm < 0 OR target.heartrate_bpm > 250) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in duration_s, heartrate_bpm'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.heartrate_curve']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.heartrate_curve', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.heartrate_curve']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.pace_curve: one row per athlete, sport group, period and duration
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.today') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.pace_curve', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.today') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.pace_curve']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.today') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.pace_curve AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.pace_curve (athlete_id, sport_group, period, duration_s, speed_mps, speed_kmh, speed_mph, pace_s_per_km, pace_s_per_mi, pace_s_per_100m, pace_s_per_100yd, activity_id, local_date)
      WITH bests AS (
        SELECT
          *
        FROM
          ${prefix}silver.curve_bests
        WHERE
          curve = 'speed'
      )
      SELECT
        athlete_id,
        sport_group,
        period,
        duration_s,
        value AS speed_mps,
        3.6 * value AS speed_kmh,
        3600 * value / 1609.344 AS speed_mph,
        SAFE_DIVIDE(1000, value) AS pace_s_per_km,
        SAFE_DIVIDE(1609.344, value) AS pace_s_per_mi,
        SAFE_DIVIDE(100, value) AS pace_s_per_100m,
        SAFE_DIVIDE(91.44, value) AS pace_s_per_100yd,
        activity_id,
        local_date
      FROM
        bests;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.pace_curve AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.period, target.duration_s HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, period, duration_s must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.pace_curve AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.period IS NULL OR target.duration_s IS NULL OR target.speed_mps IS NULL OR target.speed_kmh IS NULL OR target.speed_mph IS NULL OR target.activity_id IS NULL OR target.local_date IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, period, duration_s, speed_mps, speed_kmh, speed_mph, activity_id, local_date'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.pace_curve AS target WHERE (target.duration_s < 1) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in duration_s'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.pace_curve']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.pace_curve', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.pace_curve']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.power_curve: one row per athlete, sport group, period and duration
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.settings', 'silver.today') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.power_curve', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.settings', 'silver.today') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.power_curve']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('silver.curve_points', 'silver.settings', 'silver.today') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.power_curve AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.power_curve (athlete_id, sport_group, period, duration_s, power_w, power_w_per_kg, activity_id, local_date)
      WITH bests AS (
        SELECT
          *
        FROM
          ${prefix}silver.curve_bests
        WHERE
          curve = 'power'
      ),
      weights AS (
        SELECT
          *
        FROM
          ${prefix}silver.settings
        WHERE
          name = 'weight_kg'
      )
      SELECT
        bests.athlete_id,
        bests.sport_group,
        bests.period,
        bests.duration_s,
        bests.value AS power_w,
        SAFE_DIVIDE(bests.value, weights.value) AS power_w_per_kg,
        bests.activity_id,
        bests.local_date
      FROM
        bests
      LEFT JOIN
        weights
      ON
        bests.athlete_id = weights.athlete_id
        AND bests.local_date >= weights.valid_from
        AND (weights.valid_until IS NULL OR bests.local_date < weights.valid_until);
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.power_curve AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.period, target.duration_s HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, period, duration_s must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.power_curve AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.period IS NULL OR target.duration_s IS NULL OR target.power_w IS NULL OR target.activity_id IS NULL OR target.local_date IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, period, duration_s, power_w, activity_id, local_date'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.power_curve AS target WHERE (target.duration_s < 1 OR target.power_w < 0 OR target.power_w > 2501) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in duration_s, power_w'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.power_curve']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.power_curve', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.power_curve']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  -- marts.critical_power: one row per athlete, sport group and period
  IF EXISTS (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.power_curve') ORDER BY name LIMIT 1) THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.critical_power', (SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.power_curve') ORDER BY name LIMIT 1));
    SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.critical_power']);
    SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [(SELECT name FROM UNNEST(blocked_names) AS name WHERE name IN ('marts.power_curve') ORDER BY name LIMIT 1)]);
  ELSE
    BEGIN
      BEGIN TRANSACTION;
      DELETE FROM ${prefix}marts.critical_power AS target WHERE TRUE;
      INSERT INTO ${prefix}marts.critical_power (athlete_id, sport_group, period, points, critical_power_w, w_prime_j, r_squared, rejected, eftp_w, eftp_w_per_kg, eftp_activity_id)
      WITH curve AS (
        SELECT
          *
        FROM
          ${prefix}marts.power_curve
      ),
      points AS (
        SELECT
          athlete_id,
          sport_group,
          period,
          SAFE_DIVIDE(1, duration_s) AS per_second,
          power_w
        FROM
          curve
        WHERE
          duration_s IN (180, 300, 600, 900, 1200)
      ),
      sums AS (
        SELECT
          athlete_id,
          sport_group,
          period,
          COUNT(*) AS points,
          AVG(per_second) AS mean_per_second,
          AVG(power_w) AS mean_power_w,
          VAR_POP(per_second) AS variance_per_second,
          VAR_POP(power_w) AS variance_power,
          COVAR_POP(per_second, power_w) AS covariance
        FROM
          points
        GROUP BY
          athlete_id,
          sport_group,
          period
      ),
      lines AS (
        -- Rounded, so that the order in which rows are added up does not show.
        SELECT
          athlete_id,
          sport_group,
          period,
          points,
          ROUND(
            mean_power_w - mean_per_second * SAFE_DIVIDE(covariance, variance_per_second),
            3
          ) AS critical_power_w,
          ROUND(SAFE_DIVIDE(covariance, variance_per_second), 0) AS w_prime_j,
          ROUND(
            SAFE_DIVIDE(covariance * covariance, variance_per_second * variance_power),
            6
          ) AS r_squared
        FROM
          sums
      ),
      judged AS (
        SELECT
          *,
          CASE
            WHEN points < 3 THEN 'fewer than 3 points'
            WHEN critical_power_w <= 0 THEN 'critical power is not above 0'
            WHEN w_prime_j < 1000 OR w_prime_j > 60000 THEN "W' is not within 1 to 60 kJ"
            WHEN COALESCE(r_squared, 0) < 0.9 THEN 'R squared is below 0.9'
          END AS rejected
        FROM
          lines
      ),
      best_20_minutes AS (
        SELECT
          *
        FROM
          curve
        WHERE
          duration_s = 1200
      )
      SELECT
        judged.athlete_id,
        judged.sport_group,
        judged.period,
        judged.points,
        IF(judged.rejected IS NULL, judged.critical_power_w, NULL) AS critical_power_w,
        IF(judged.rejected IS NULL, judged.w_prime_j, NULL) AS w_prime_j,
        IF(judged.points < 3, NULL, judged.r_squared) AS r_squared,
        judged.rejected,
        0.95 * best_20_minutes.power_w AS eftp_w,
        0.95 * best_20_minutes.power_w_per_kg AS eftp_w_per_kg,
        best_20_minutes.activity_id AS eftp_activity_id
      FROM
        judged
      LEFT JOIN
        best_20_minutes
      ON
        judged.athlete_id = best_20_minutes.athlete_id
        AND judged.sport_group = best_20_minutes.sport_group
        AND judged.period = best_20_minutes.period;
      SET failed_check = CASE
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.critical_power AS target WHERE EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id) GROUP BY target.athlete_id, target.sport_group, target.period HAVING COUNT(*) > 1) THEN 'unique_key: athlete_id, sport_group, period must be different in every row'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.critical_power AS target WHERE (target.athlete_id IS NULL OR target.sport_group IS NULL OR target.period IS NULL OR target.points IS NULL) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'required: there must be a value in athlete_id, sport_group, period, points'
        WHEN EXISTS (SELECT 1 FROM ${prefix}marts.critical_power AS target WHERE (target.critical_power_w < 0 OR target.w_prime_j < 1000 OR target.w_prime_j > 60000 OR target.r_squared < 0 OR target.r_squared > 1) AND EXISTS (SELECT 1 FROM touched_athletes AS changed WHERE changed.athlete_id = target.athlete_id)) THEN 'range: a value outside of what there can be in critical_power_w, w_prime_j, r_squared'
      END;
      IF failed_check IS NOT NULL THEN
        RAISE USING MESSAGE = failed_check;
      END IF;
      COMMIT TRANSACTION;
      SET built_names = ARRAY_CONCAT(built_names, ['marts.critical_power']);
    EXCEPTION WHEN ERROR THEN
      ROLLBACK TRANSACTION;
      INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason) VALUES (CURRENT_TIMESTAMP(), 'marts.critical_power', @@error.message);
      SET blocked_names = ARRAY_CONCAT(blocked_names, ['marts.critical_power']);
      SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [@@error.message]);
    END;
  END IF;

  IF is_compared THEN
    INSERT INTO ${prefix}ops.check_failures (failed_at, table_name, reason)
    SELECT CURRENT_TIMESTAMP(), was.table_name, CONCAT('a full run built other rows: ', CAST(was.row_count AS STRING), ' before, ', CAST(now.row_count AS STRING), ' after')
    FROM rows_before AS was INNER JOIN (
      SELECT 'silver.metrics' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.version, built_row.source, built_row.bronze_uri, built_row.trace, built_row.points, built_row.recorded_s, built_row.paused_s, built_row.moving_s, ROUND(built_row.average_power_w, 6) + 0.0 AS average_power_w, ROUND(built_row.max_power_w, 6) + 0.0 AS max_power_w, ROUND(built_row.normalized_power_w, 6) + 0.0 AS normalized_power_w, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.power_coverage, 6) + 0.0 AS power_coverage, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, ROUND(built_row.heartrate_coverage, 6) + 0.0 AS heartrate_coverage, built_row.power_curve, built_row.heartrate_curve, built_row.speed_curve, built_row.power_histogram, built_row.heartrate_histogram, ROUND(built_row.xpower_w, 6) + 0.0 AS xpower_w, ROUND(built_row.decoupling_power_pct, 6) + 0.0 AS decoupling_power_pct, ROUND(built_row.decoupling_speed_pct, 6) + 0.0 AS decoupling_speed_pct, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_loss_m, 6) + 0.0 AS elevation_loss_m, ROUND(built_row.gap_speed_mps, 6) + 0.0 AS gap_speed_mps, ROUND(built_row.minetti_speed_mps, 6) + 0.0 AS minetti_speed_mps, built_row.efforts, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.altitude_coverage, 6) + 0.0 AS altitude_coverage, ROUND(built_row.speed_coverage, 6) + 0.0 AS speed_coverage, built_row.speed_curve_on_foot, built_row.efforts_on_foot, ROUND(built_row.speed_coverage_on_foot, 6) + 0.0 AS speed_coverage_on_foot)))), 0) AS hashed FROM ${prefix}silver.metrics AS built_row
      UNION ALL
      SELECT 'silver.streams' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.version, built_row.source, built_row.bronze_uri, built_row.trace, built_row.chunk, built_row.chunks, built_row.points, built_row.resolution, built_row.original_size, built_row.series_type)))), 0) AS hashed FROM ${prefix}silver.streams AS built_row
      UNION ALL
      SELECT 'silver.activities' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.version, built_row.source, built_row.bronze_uri, built_row.trace, built_row.detailed, built_row.name, built_row.description, built_row.private_note, built_row.sport_type, built_row.workout_type, built_row.started_at, built_row.started_local, built_row.local_date, built_row.timezone, built_row.utc_offset_s, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, built_row.moving_time_s, built_row.moving_time_clamped, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_high_m, 6) + 0.0 AS elevation_high_m, ROUND(built_row.elevation_low_m, 6) + 0.0 AS elevation_low_m, ROUND(built_row.average_speed_mps, 6) + 0.0 AS average_speed_mps, ROUND(built_row.max_speed_mps, 6) + 0.0 AS max_speed_mps, ROUND(built_row.average_cadence_rpm, 6) + 0.0 AS average_cadence_rpm, ROUND(built_row.average_temp_c, 6) + 0.0 AS average_temp_c, ROUND(built_row.average_power_w, 6) + 0.0 AS average_power_w, ROUND(built_row.weighted_power_w, 6) + 0.0 AS weighted_power_w, ROUND(built_row.max_power_w, 6) + 0.0 AS max_power_w, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, built_row.device_watts, built_row.has_heartrate, built_row.heartrate_opt_out, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.relative_effort, 6) + 0.0 AS relative_effort, ROUND(built_row.perceived_exertion, 6) + 0.0 AS perceived_exertion, built_row.prefer_perceived_exertion, built_row.gear_id, built_row.device_name, built_row.upload_id, built_row.external_id, built_row.trainer, built_row.commute, built_row.manual, built_row.private, built_row.flagged, built_row.visibility, built_row.hide_from_home, built_row.from_accepted_tag, built_row.kudos_count, built_row.comment_count, built_row.achievement_count, built_row.pr_count, built_row.athlete_count, built_row.total_photo_count, ROUND(built_row.start_lat, 6) + 0.0 AS start_lat, ROUND(built_row.start_lng, 6) + 0.0 AS start_lng, ROUND(built_row.end_lat, 6) + 0.0 AS end_lat, ROUND(built_row.end_lng, 6) + 0.0 AS end_lng, built_row.summary_polyline, built_row.laps, built_row.splits_metric, built_row.splits_standard, built_row.best_efforts, built_row.segment_efforts, built_row.raw_json, built_row.polyline, built_row.legacy_type, built_row.photo_count, built_row.location_city, built_row.location_state, built_row.location_country)))), 0) AS hashed FROM ${prefix}silver.activities AS built_row
      UNION ALL
      SELECT 'silver.settings' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.name, ROUND(built_row.value, 6) + 0.0 AS value, built_row.valid_from, built_row.valid_until, built_row.source, built_row.version, built_row.bronze_uri)))), 0) AS hashed FROM ${prefix}silver.settings AS built_row
      UNION ALL
      SELECT 'marts.activity_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.name, built_row.sport_type, built_row.sport_group, built_row.race, built_row.local_date, built_row.year, built_row.month, built_row.started_at, built_row.started_local, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.stopped_share, 6) + 0.0 AS stopped_share, built_row.moves_longer_than_it_takes, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.average_speed_kmh, 6) + 0.0 AS average_speed_kmh, ROUND(built_row.average_speed_mph, 6) + 0.0 AS average_speed_mph, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.pace_s_per_100m, 6) + 0.0 AS pace_s_per_100m, ROUND(built_row.pace_s_per_100yd, 6) + 0.0 AS pace_s_per_100yd, ROUND(built_row.race_speed_kmh, 6) + 0.0 AS race_speed_kmh, ROUND(built_row.race_speed_mph, 6) + 0.0 AS race_speed_mph, ROUND(built_row.race_pace_s_per_km, 6) + 0.0 AS race_pace_s_per_km, ROUND(built_row.race_pace_s_per_mi, 6) + 0.0 AS race_pace_s_per_mi, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, ROUND(built_row.average_cadence_rpm, 6) + 0.0 AS average_cadence_rpm, ROUND(built_row.average_steps_per_min, 6) + 0.0 AS average_steps_per_min, built_row.cadence_is_of_both_legs, ROUND(built_row.average_power_w, 6) + 0.0 AS average_power_w, ROUND(built_row.normalized_power_w, 6) + 0.0 AS normalized_power_w, built_row.power_is_measured, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, built_row.gear_id, built_row.private, built_row.detailed, built_row.has_streams, built_row.recorded_s, built_row.version, built_row.bronze_uri, built_row.streams_version, built_row.streams_bronze_uri)))), 0) AS hashed FROM ${prefix}marts.activity_summary AS built_row
      UNION ALL
      SELECT 'marts.daily_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.sport_type, built_row.year, built_row.month, built_row.week_start, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.daily_summary AS built_row
      UNION ALL
      SELECT 'silver.grouped_activities' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.name, built_row.sport_type, built_row.sport_group, built_row.indoor, built_row.commute, built_row.private, built_row.flagged, built_row.race, built_row.started_at, built_row.local_date, built_row.year, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.max_heartrate_bpm, 6) + 0.0 AS max_heartrate_bpm, built_row.heartrate_opt_out, built_row.power_is_measured)))), 0) AS hashed FROM ${prefix}silver.grouped_activities AS built_row
      UNION ALL
      SELECT 'silver.today' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.utc_offset_s)))), 0) AS hashed FROM ${prefix}silver.today AS built_row
      UNION ALL
      SELECT 'marts.monthly_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.year, built_row.month, built_row.sport_type, built_row.active_days, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.monthly_summary AS built_row
      UNION ALL
      SELECT 'marts.weekly_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.week_start, built_row.iso_year, built_row.iso_week, built_row.sport_type, built_row.active_days, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.weekly_summary AS built_row
      UNION ALL
      SELECT 'marts.yearly_summary' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.year, built_row.sport_type, built_row.active_days, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, built_row.elapsed_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.work_kj, 6) + 0.0 AS work_kj, ROUND(built_row.calories_kcal, 6) + 0.0 AS calories_kcal, ROUND(built_row.longest_distance_m, 6) + 0.0 AS longest_distance_m, ROUND(built_row.longest_distance_km, 6) + 0.0 AS longest_distance_km, ROUND(built_row.longest_distance_mi, 6) + 0.0 AS longest_distance_mi)))), 0) AS hashed FROM ${prefix}marts.yearly_summary AS built_row
      UNION ALL
      SELECT 'marts.routes' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.name, built_row.sport_type, built_row.sport_group, built_row.indoor, built_row.local_date, built_row.year, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, ROUND(built_row.start_lat, 6) + 0.0 AS start_lat, ROUND(built_row.start_lng, 6) + 0.0 AS start_lng, ROUND(built_row.end_lat, 6) + 0.0 AS end_lat, ROUND(built_row.end_lng, 6) + 0.0 AS end_lng, built_row.polyline, built_row.line_wkt)))), 0) AS hashed FROM ${prefix}marts.routes AS built_row
      UNION ALL
      SELECT 'silver.activity_cells' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.sport_group, built_row.lat_cell, built_row.lng_cell)))), 0) AS hashed FROM ${prefix}silver.activity_cells AS built_row
      UNION ALL
      SELECT 'silver.curve_points' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.curve, built_row.duration_s, ROUND(built_row.value, 6) + 0.0 AS value, built_row.sport_group, built_row.indoor, built_row.started_at, built_row.local_date, built_row.year)))), 0) AS hashed FROM ${prefix}silver.curve_points AS built_row
      UNION ALL
      SELECT 'silver.efforts' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.sport_group, built_row.indoor, built_row.race, built_row.started_at, built_row.local_date, built_row.distance_m, built_row.distance_name, built_row.elapsed_time_s, built_row.start_index, built_row.end_index)))), 0) AS hashed FROM ${prefix}silver.efforts AS built_row
      UNION ALL
      SELECT 'marts.activity_load' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.local_date, built_row.sport_type, built_row.sport_group, ROUND(built_row.load, 6) + 0.0 AS load, built_row.load_source, built_row.load_missing_because, ROUND(built_row.tss, 6) + 0.0 AS tss, ROUND(built_row.rtss, 6) + 0.0 AS rtss, ROUND(built_row.swim_tss, 6) + 0.0 AS swim_tss, built_row.sport_load_missing_because, ROUND(built_row.hrtss, 6) + 0.0 AS hrtss, ROUND(built_row.trimp, 6) + 0.0 AS trimp, ROUND(built_row.trimp_unscaled, 6) + 0.0 AS trimp_unscaled, built_row.trimp_constants, ROUND(built_row.edwards, 6) + 0.0 AS edwards, ROUND(built_row.lucia, 6) + 0.0 AS lucia, built_row.lucia_is_by_proxy, ROUND(built_row.relative_effort, 6) + 0.0 AS relative_effort, built_row.hrtss_missing_because, built_row.power_is_measured, ROUND(built_row.normalized_power_w, 6) + 0.0 AS normalized_power_w, built_row.normalized_power_source, built_row.normalized_power_is_short, ROUND(built_row.intensity_factor, 6) + 0.0 AS intensity_factor, ROUND(built_row.variability_index, 6) + 0.0 AS variability_index, ROUND(built_row.gap_speed_mps, 6) + 0.0 AS gap_speed_mps, built_row.gap_source, ROUND(built_row.gap_pace_s_per_km, 6) + 0.0 AS gap_pace_s_per_km, ROUND(built_row.gap_pace_s_per_mi, 6) + 0.0 AS gap_pace_s_per_mi, ROUND(built_row.efficiency_factor, 6) + 0.0 AS efficiency_factor, ROUND(built_row.decoupling_pct, 6) + 0.0 AS decoupling_pct, built_row.decoupling_of, built_row.recorded_s, built_row.moving_time_s, ROUND(built_row.heartrate_coverage, 6) + 0.0 AS heartrate_coverage, ROUND(built_row.average_heartrate_bpm, 6) + 0.0 AS average_heartrate_bpm, ROUND(built_row.ftp_w, 6) + 0.0 AS ftp_w, ROUND(built_row.rest_hr_bpm, 6) + 0.0 AS rest_hr_bpm, ROUND(built_row.max_hr_bpm, 6) + 0.0 AS max_hr_bpm, ROUND(built_row.threshold_hr_bpm, 6) + 0.0 AS threshold_hr_bpm, ROUND(built_row.vt1_hr_bpm, 6) + 0.0 AS vt1_hr_bpm, ROUND(built_row.vt2_hr_bpm, 6) + 0.0 AS vt2_hr_bpm, ROUND(built_row.threshold_speed_mps, 6) + 0.0 AS threshold_speed_mps, ROUND(built_row.css_mps, 6) + 0.0 AS css_mps)))), 0) AS hashed FROM ${prefix}marts.activity_load AS built_row
      UNION ALL
      SELECT 'marts.activity_zones' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.kind, built_row.zone, built_row.local_date, built_row.week_start, built_row.sport_type, built_row.sport_group, ROUND(built_row.zone_from, 6) + 0.0 AS zone_from, ROUND(built_row.zone_until, 6) + 0.0 AS zone_until, built_row.zones_source, built_row.seconds, ROUND(built_row.share, 6) + 0.0 AS share)))), 0) AS hashed FROM ${prefix}marts.activity_zones AS built_row
      UNION ALL
      SELECT 'marts.record_history' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.indoor, built_row.record, built_row.extent, built_row.name, built_row.activity_id, built_row.sport_type, built_row.activity_name, built_row.commute, built_row.race, built_row.local_date, built_row.started_at, ROUND(built_row.value, 6) + 0.0 AS value, built_row.unit, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, ROUND(built_row.speed_kmh, 6) + 0.0 AS speed_kmh, ROUND(built_row.speed_mph, 6) + 0.0 AS speed_mph, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.pace_s_per_100m, 6) + 0.0 AS pace_s_per_100m, ROUND(built_row.pace_s_per_100yd, 6) + 0.0 AS pace_s_per_100yd, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, built_row.start_index, built_row.end_index, ROUND(built_row.previous_value, 6) + 0.0 AS previous_value, built_row.broken_on)))), 0) AS hashed FROM ${prefix}marts.record_history AS built_row
      UNION ALL
      SELECT 'marts.vdot' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.activity_id, built_row.local_date, built_row.race, ROUND(built_row.vdot, 6) + 0.0 AS vdot, built_row.distance_m, built_row.distance_name, built_row.elapsed_time_s, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.best_90_days, 6) + 0.0 AS best_90_days)))), 0) AS hashed FROM ${prefix}marts.vdot AS built_row
      UNION ALL
      SELECT 'marts.eddington' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.unit, built_row.eddington, built_row.next_distance, built_row.days_to_next)))), 0) AS hashed FROM ${prefix}marts.eddington AS built_row
      UNION ALL
      SELECT 'marts.streaks' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.unit, built_row.longest_length, built_row.longest_from, built_row.longest_to, built_row.current_length, built_row.current_from, built_row.last_on, built_row.as_of)))), 0) AS hashed FROM ${prefix}marts.streaks AS built_row
      UNION ALL
      SELECT 'marts.year_over_year' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.year, built_row.month, built_row.day, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft)))), 0) AS hashed FROM ${prefix}marts.year_over_year AS built_row
      UNION ALL
      SELECT 'marts.fitness_daily' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.day_number, built_row.activities, built_row.activities_without_load, ROUND(built_row.load, 6) + 0.0 AS load, ROUND(built_row.ctl, 6) + 0.0 AS ctl, ROUND(built_row.atl, 6) + 0.0 AS atl, ROUND(built_row.tsb, 6) + 0.0 AS tsb, ROUND(built_row.tsb_same_day, 6) + 0.0 AS tsb_same_day, ROUND(built_row.ramp, 6) + 0.0 AS ramp, ROUND(built_row.load_7d, 6) + 0.0 AS load_7d, ROUND(built_row.load_28d, 6) + 0.0 AS load_28d, ROUND(built_row.acwr, 6) + 0.0 AS acwr, ROUND(built_row.acute_load_ewma, 6) + 0.0 AS acute_load_ewma, ROUND(built_row.chronic_load_ewma, 6) + 0.0 AS chronic_load_ewma, ROUND(built_row.acwr_ewma, 6) + 0.0 AS acwr_ewma, ROUND(built_row.monotony, 6) + 0.0 AS monotony, ROUND(built_row.strain, 6) + 0.0 AS strain, built_row.warming_up, ROUND(built_row.ctl_days, 6) + 0.0 AS ctl_days, ROUND(built_row.atl_days, 6) + 0.0 AS atl_days)))), 0) AS hashed FROM ${prefix}marts.fitness_daily AS built_row
      UNION ALL
      SELECT 'marts.rolling' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.local_date, built_row.sport_group, built_row.window_days, built_row.window_is_full, built_row.activities, ROUND(built_row.distance_m, 6) + 0.0 AS distance_m, ROUND(built_row.distance_km, 6) + 0.0 AS distance_km, ROUND(built_row.distance_mi, 6) + 0.0 AS distance_mi, built_row.moving_time_s, ROUND(built_row.elevation_gain_m, 6) + 0.0 AS elevation_gain_m, ROUND(built_row.elevation_gain_ft, 6) + 0.0 AS elevation_gain_ft, ROUND(built_row.load, 6) + 0.0 AS load, built_row.day_number)))), 0) AS hashed FROM ${prefix}marts.rolling AS built_row
      UNION ALL
      SELECT 'marts.zones_weekly' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.week_start, built_row.sport_group, built_row.kind, built_row.zone, built_row.seconds, ROUND(built_row.hours, 6) + 0.0 AS hours, ROUND(built_row.share, 6) + 0.0 AS share, built_row.activities)))), 0) AS hashed FROM ${prefix}marts.zones_weekly AS built_row
      UNION ALL
      SELECT 'marts.heartrate_curve' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.duration_s, ROUND(built_row.heartrate_bpm, 6) + 0.0 AS heartrate_bpm, built_row.activity_id, built_row.local_date)))), 0) AS hashed FROM ${prefix}marts.heartrate_curve AS built_row
      UNION ALL
      SELECT 'marts.pace_curve' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.duration_s, ROUND(built_row.speed_mps, 6) + 0.0 AS speed_mps, ROUND(built_row.speed_kmh, 6) + 0.0 AS speed_kmh, ROUND(built_row.speed_mph, 6) + 0.0 AS speed_mph, ROUND(built_row.pace_s_per_km, 6) + 0.0 AS pace_s_per_km, ROUND(built_row.pace_s_per_mi, 6) + 0.0 AS pace_s_per_mi, ROUND(built_row.pace_s_per_100m, 6) + 0.0 AS pace_s_per_100m, ROUND(built_row.pace_s_per_100yd, 6) + 0.0 AS pace_s_per_100yd, built_row.activity_id, built_row.local_date)))), 0) AS hashed FROM ${prefix}marts.pace_curve AS built_row
      UNION ALL
      SELECT 'marts.power_curve' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.duration_s, ROUND(built_row.power_w, 6) + 0.0 AS power_w, ROUND(built_row.power_w_per_kg, 6) + 0.0 AS power_w_per_kg, built_row.activity_id, built_row.local_date)))), 0) AS hashed FROM ${prefix}marts.power_curve AS built_row
      UNION ALL
      SELECT 'marts.critical_power' AS table_name, COUNT(*) AS row_count, COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(built_row.athlete_id, built_row.sport_group, built_row.period, built_row.points, ROUND(built_row.critical_power_w, 6) + 0.0 AS critical_power_w, ROUND(built_row.w_prime_j, 6) + 0.0 AS w_prime_j, ROUND(built_row.r_squared, 6) + 0.0 AS r_squared, built_row.rejected, ROUND(built_row.eftp_w, 6) + 0.0 AS eftp_w, ROUND(built_row.eftp_w_per_kg, 6) + 0.0 AS eftp_w_per_kg, built_row.eftp_activity_id)))), 0) AS hashed FROM ${prefix}marts.critical_power AS built_row
    ) AS now
    ON was.table_name = now.table_name
    WHERE was.row_count != now.row_count OR was.hashed != now.hashed;
    SET drifted_names = ARRAY(
      SELECT table_name FROM ${prefix}ops.check_failures
      WHERE failed_at >= run_started_at AND STARTS_WITH(reason, 'a full run')
      ORDER BY table_name
    );
  END IF;

  INSERT INTO ${prefix}ops.script_runs (started_at, finished_at, touched_activities, built_tables, blocked_tables, compared_tables) VALUES (run_started_at, CURRENT_TIMESTAMP(), touched_count, ARRAY_LENGTH(built_names), ARRAY_LENGTH(blocked_names), IF(is_compared, 29, 0));

  IF (SELECT plan FROM ${prefix}ops.watermarks WHERE name = 'landing') != '90bf309483c2660b' AND ARRAY_LENGTH(blocked_names) > 0 THEN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}ops.unfinished_days WHERE TRUE;
    DELETE FROM ${prefix}ops.watermarks WHERE name = 'landing';
    INSERT INTO ${prefix}ops.watermarks (name, ingested_at, plan) VALUES ('landing', seen_until, '90bf309483c2660b');
    INSERT INTO ${prefix}ops.watermarks (name, ingested_at, plan)
    SELECT name, seen_until, '' FROM UNNEST(blocked_names) AS name
    WHERE name NOT IN (SELECT name FROM ${prefix}ops.watermarks);
    COMMIT TRANSACTION;
  END IF;

  DELETE FROM ${prefix}ops.watermarks
  WHERE name IN UNNEST(built_names) OR (name = 'full_run' AND ingested_at <= run_started_at);

  IF ARRAY_LENGTH(blocked_names) = 0 THEN
    BEGIN TRANSACTION;
    DELETE FROM ${prefix}ops.unfinished_days WHERE TRUE;
    DELETE FROM ${prefix}ops.watermarks WHERE name = 'landing';
    INSERT INTO ${prefix}ops.watermarks (name, ingested_at, plan) VALUES ('landing', seen_until, '90bf309483c2660b');
    COMMIT TRANSACTION;
  ELSE
    RAISE USING MESSAGE = CONCAT('left as they were: ', ARRAY_TO_STRING(blocked_names, ', '), '; ops.check_failures says why');
  END IF;

  IF ARRAY_LENGTH(drifted_names) > 0 THEN
    RAISE USING MESSAGE = CONCAT('a full run built other rows of ', ARRAY_TO_STRING(drifted_names, ', '), '; ops.check_failures says how many');
  END IF;
EXCEPTION WHEN ERROR THEN
  DELETE FROM ${prefix}ops.watermarks
  WHERE name IN UNNEST(built_names) OR (name = 'full_run' AND ingested_at <= run_started_at);
  RAISE;
END;
