-- check: power_possible: normalised power is above the greatest power, or below the mean of 30 s
-- Not "normalised power is at least mean power": its windows weigh the first and the last 29 seconds
-- less, so that a hard start or finish can put it below. What they leave out is worth 29 seconds
-- of the greatest power at most.
SELECT 1
FROM silver.metrics AS metrics
WHERE
  metrics.normalized_power_w > metrics.max_power_w + 0.000001
  OR metrics.normalized_power_w * (metrics.recorded_s - 29)
  < 1000 * metrics.work_kj - 29 * metrics.max_power_w - 0.000001 * metrics.recorded_s

-- check: every_second_counted: a histogram does not add up to the recorded seconds with a value
SELECT 1
FROM (
  SELECT
    metrics.recorded_s,
    CAST(ROUND(metrics.heartrate_coverage * metrics.recorded_s) AS INT64) AS with_heartrate_s,
    (SELECT SUM(bar.seconds) FROM UNNEST(metrics.power_histogram) AS bar) AS power_s,
    (SELECT SUM(bar.seconds) FROM UNNEST(metrics.heartrate_histogram) AS bar) AS heartrate_s
  FROM
    silver.metrics AS metrics
) AS counted
WHERE
  counted.power_s != counted.recorded_s
  OR counted.heartrate_s != counted.with_heartrate_s

-- check: fresh: a newer version has landed than the row shows
SELECT 1
FROM silver.metrics AS built
INNER JOIN landing.metrics AS landed
ON
  built.athlete_id = landed.athlete_id
  AND built.activity_id = landed.activity_id
WHERE
  landed.version > built.version
