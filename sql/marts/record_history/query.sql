WITH activities AS (
  SELECT
    *
  FROM
    silver.grouped_activities
  WHERE
    NOT flagged
),
metrics AS (
  SELECT
    athlete_id,
    activity_id,
    max_heartrate_bpm
  FROM
    silver.metrics
),
efforts AS (
  SELECT
    *
  FROM
    silver.efforts
),
power AS (
  SELECT
    *
  FROM
    silver.curve_points
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
  broken
