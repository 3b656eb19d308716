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
  silver.points AS points
LEFT JOIN
  silver.activities AS activities
ON
  points.athlete_id = activities.athlete_id
  AND points.activity_id = activities.activity_id
