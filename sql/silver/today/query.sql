WITH activities AS (
  SELECT
    *
  FROM
    silver.activities
),
clock AS (
  SELECT
    MAX(set_at) AS set_at
  FROM
    ops.clock
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
  clock
