WITH activities AS (
  SELECT
    *
  FROM
    silver.grouped_activities
),
distances AS (
  SELECT
    *
  FROM
    silver.effort_distances
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
    silver.metrics AS metrics
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
  AND efforts.elapsed_time_s >= distances.fastest_s
