WITH curve AS (
  SELECT
    *
  FROM
    marts.power_curve
),
points AS (
  SELECT
    athlete_id,
    sport_group,
    period,
    SAFE_DIVIDE(1, duration_s) AS per_second,
    power_w
  FROM
    curve
  WHERE
    duration_s IN (180, 300, 600, 900, 1200)
),
sums AS (
  SELECT
    athlete_id,
    sport_group,
    period,
    COUNT(*) AS points,
    AVG(per_second) AS mean_per_second,
    AVG(power_w) AS mean_power_w,
    VAR_POP(per_second) AS variance_per_second,
    VAR_POP(power_w) AS variance_power,
    COVAR_POP(per_second, power_w) AS covariance
  FROM
    points
  GROUP BY
    athlete_id,
    sport_group,
    period
),
lines AS (
  -- Rounded, so that the order in which rows are added up does not show.
  SELECT
    athlete_id,
    sport_group,
    period,
    points,
    ROUND(
      mean_power_w - mean_per_second * SAFE_DIVIDE(covariance, variance_per_second),
      3
    ) AS critical_power_w,
    ROUND(SAFE_DIVIDE(covariance, variance_per_second), 0) AS w_prime_j,
    ROUND(
      SAFE_DIVIDE(covariance * covariance, variance_per_second * variance_power),
      6
    ) AS r_squared
  FROM
    sums
),
judged AS (
  SELECT
    *,
    CASE
      WHEN points < 3 THEN 'fewer than 3 points'
      WHEN critical_power_w <= 0 THEN 'critical power is not above 0'
      WHEN w_prime_j < 1000 OR w_prime_j > 60000 THEN "W' is not within 1 to 60 kJ"
      WHEN COALESCE(r_squared, 0) < 0.9 THEN 'R squared is below 0.9'
    END AS rejected
  FROM
    lines
),
best_20_minutes AS (
  SELECT
    *
  FROM
    curve
  WHERE
    duration_s = 1200
)
SELECT
  judged.athlete_id,
  judged.sport_group,
  judged.period,
  judged.points,
  IF(judged.rejected IS NULL, judged.critical_power_w, NULL) AS critical_power_w,
  IF(judged.rejected IS NULL, judged.w_prime_j, NULL) AS w_prime_j,
  IF(judged.points < 3, NULL, judged.r_squared) AS r_squared,
  judged.rejected,
  0.95 * best_20_minutes.power_w AS eftp_w,
  0.95 * best_20_minutes.power_w_per_kg AS eftp_w_per_kg,
  best_20_minutes.activity_id AS eftp_activity_id
FROM
  judged
LEFT JOIN
  best_20_minutes
ON
  judged.athlete_id = best_20_minutes.athlete_id
  AND judged.sport_group = best_20_minutes.sport_group
  AND judged.period = best_20_minutes.period
