WITH streams AS (
  SELECT
    *
  FROM
    silver.streams
)
SELECT
  streams.athlete_id,
  streams.activity_id,
  streams.version,
  point.index,
  point.t,
  point.distance_m,
  point.lat,
  point.lng,
  point.altitude_m,
  point.speed_mps,
  point.heartrate_bpm,
  point.cadence_rpm,
  point.power_w,
  point.temp_c,
  point.moving,
  point.grade_pct
FROM
  streams
CROSS JOIN
  UNNEST(streams.points) AS point
