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
    silver.metrics AS metrics
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
  END
