-- check: every_second_once: the zones do not add up to the recorded seconds that have a value
SELECT 1
FROM (
  SELECT
    zones.athlete_id,
    zones.activity_id,
    zones.kind,
    SUM(zones.seconds) AS seconds
  FROM
    marts.activity_zones AS zones
  GROUP BY
    zones.athlete_id,
    zones.activity_id,
    zones.kind
) AS placed
INNER JOIN (
  SELECT
    metrics.athlete_id,
    metrics.activity_id,
    'heart_rate' AS kind,
    SUM(bar.seconds) AS seconds
  FROM
    silver.metrics AS metrics
  CROSS JOIN
    UNNEST(metrics.heartrate_histogram) AS bar
  GROUP BY
    metrics.athlete_id,
    metrics.activity_id
  UNION ALL
  SELECT
    metrics.athlete_id,
    metrics.activity_id,
    'power',
    SUM(bar.seconds)
  FROM
    silver.metrics AS metrics
  CROSS JOIN
    UNNEST(metrics.power_histogram) AS bar
  GROUP BY
    metrics.athlete_id,
    metrics.activity_id
) AS recorded
ON
  placed.athlete_id = recorded.athlete_id
  AND placed.activity_id = recorded.activity_id
  AND placed.kind = recorded.kind
WHERE
  placed.seconds != recorded.seconds
