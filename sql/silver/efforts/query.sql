WITH activities AS (
  SELECT
    *
  FROM
    silver.grouped_activities
),
metrics AS (
  SELECT
    athlete_id,
    activity_id,
    efforts
  FROM
    silver.metrics
),
distances AS (
  SELECT
    *
  FROM
    silver.effort_distances
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
