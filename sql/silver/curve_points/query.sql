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
    power_curve,
    heartrate_curve,
    speed_curve
  FROM
    silver.metrics
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
    ELSE NOT activities.indoor
  END
