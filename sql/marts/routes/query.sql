WITH activities AS (
  SELECT
    *
  FROM
    silver.activities
),
grouped AS (
  SELECT
    *
  FROM
    silver.grouped_activities
)
SELECT
  activities.athlete_id,
  activities.activity_id,
  activities.name,
  activities.sport_type,
  grouped.sport_group,
  grouped.indoor,
  activities.local_date,
  grouped.year,
  activities.distance_m / 1000 AS distance_km,
  activities.distance_m / 1609.344 AS distance_mi,
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
