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
