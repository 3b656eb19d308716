WITH on_foot AS (
  -- Strava tells one leg's; from 120 on average, some foot pods have counted both.
  SELECT
    athlete_id,
    activity_id,
    average_cadence_rpm >= 120 AS are_of_both_legs
  FROM
    silver.activities
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
  silver.points AS points
LEFT JOIN
  on_foot
ON
  points.athlete_id = on_foot.athlete_id
  AND points.activity_id = on_foot.activity_id
WHERE
  points.cadence_rpm IS NOT NULL
