-- check: within_the_recording: an effort lies outside of the stream, or takes longer than all of it
-- Not "a longer distance takes longer": times are scaled down from the samples around the distance,
-- and where those are far apart by more than the next distance is longer. Nor "1 km is not faster
-- than 400 m": of 200 m fast and 200 m easy in turn, 1 km has three fifths fast, 400 m the half.
SELECT 1
FROM silver.efforts AS efforts
INNER JOIN silver.metrics AS metrics
ON
  efforts.athlete_id = metrics.athlete_id
  AND efforts.activity_id = metrics.activity_id
WHERE
  efforts.start_index < 0
  OR efforts.end_index <= efforts.start_index
  OR efforts.end_index >= metrics.points
  OR efforts.elapsed_time_s > metrics.recorded_s + metrics.paused_s

-- warn: stream_reaches_the_distance: the distance stream ends elsewhere than the distance says
-- By more than 0.5 % and 5 m. A corrected distance of a treadmill, a crop and points within a privacy zone may rightly do so.
SELECT 1
FROM silver.metrics AS metrics
INNER JOIN silver.activities AS activities
ON
  metrics.athlete_id = activities.athlete_id
  AND metrics.activity_id = activities.activity_id
WHERE
  ABS(metrics.distance_m - activities.distance_m) > GREATEST(5.0, 0.005 * activities.distance_m)
