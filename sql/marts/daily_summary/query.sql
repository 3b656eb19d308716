WITH activities AS (
  SELECT
    *
  FROM
    silver.activities
),
days AS (
  -- Sums are rounded, so that the order in which rows are added up does not show.
  SELECT
    athlete_id,
    local_date,
    sport_type,
    COUNT(*) AS activities,
    ROUND(COALESCE(SUM(distance_m), 0), 3) AS distance_m,
    COALESCE(SUM(moving_time_s), 0) AS moving_time_s,
    COALESCE(SUM(elapsed_time_s), 0) AS elapsed_time_s,
    ROUND(COALESCE(SUM(elevation_gain_m), 0), 3) AS elevation_gain_m,
    ROUND(COALESCE(SUM(work_kj), 0), 3) AS work_kj,
    ROUND(COALESCE(SUM(calories_kcal), 0), 3) AS calories_kcal,
    MAX(distance_m) AS longest_distance_m
  FROM
    activities
  GROUP BY
    athlete_id,
    local_date,
    sport_type
)
SELECT
  athlete_id,
  local_date,
  sport_type,
  EXTRACT(YEAR FROM local_date) AS year,
  EXTRACT(MONTH FROM local_date) AS month,
  CAST(DATE_TRUNC(local_date, ISOWEEK) AS DATE) AS week_start,
  activities,
  distance_m,
  distance_m / 1000 AS distance_km,
  distance_m / 1609.344 AS distance_mi,
  moving_time_s,
  elapsed_time_s,
  elevation_gain_m,
  elevation_gain_m / 0.3048 AS elevation_gain_ft,
  work_kj,
  calories_kcal,
  longest_distance_m,
  longest_distance_m / 1000 AS longest_distance_km,
  longest_distance_m / 1609.344 AS longest_distance_mi
FROM
  days
