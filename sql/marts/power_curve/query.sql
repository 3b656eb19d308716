WITH bests AS (
  SELECT
    *
  FROM
    silver.curve_bests
  WHERE
    curve = 'power'
),
weights AS (
  SELECT
    *
  FROM
    silver.settings
  WHERE
    name = 'weight_kg'
)
SELECT
  bests.athlete_id,
  bests.sport_group,
  bests.period,
  bests.duration_s,
  bests.value AS power_w,
  SAFE_DIVIDE(bests.value, weights.value) AS power_w_per_kg,
  bests.activity_id,
  bests.local_date
FROM
  bests
LEFT JOIN
  weights
ON
  bests.athlete_id = weights.athlete_id
  AND bests.local_date >= weights.valid_from
  AND (weights.valid_until IS NULL OR bests.local_date < weights.valid_until)
