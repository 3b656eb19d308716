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
  reasons
