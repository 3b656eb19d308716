WITH days AS (
  SELECT
    *
  FROM
    marts.daily_summary
),
weeks AS (
  -- Sums are rounded, so that the order in which rows are added up does not show.
  SELECT
    athlete_id,
    week_start,
    CAST(DATE_ADD(week_start, INTERVAL 3 DAY) AS DATE) AS thursday,
    sport_type,
    COUNT(DISTINCT local_date) AS active_days,
    SUM(activities) AS activities,
    ROUND(SUM(distance_m), 3) AS distance_m,
    SUM(moving_time_s) AS moving_time_s,
    SUM(elapsed_time_s) AS elapsed_time_s,
    ROUND(SUM(elevation_gain_m), 3) AS elevation_gain_m,
    ROUND(SUM(work_kj), 3) AS work_kj,
    ROUND(SUM(calories_kcal), 3) AS calories_kcal,
    MAX(longest_distance_m) AS longest_distance_m
  FROM
    days
  GROUP BY
    athlete_id,
    week_start,
    sport_type
)
SELECT
  athlete_id,
  week_start,
  EXTRACT(YEAR FROM thursday) AS iso_year,
  DIV((EXTRACT(DAYOFYEAR FROM thursday) - 1), 7) + 1 AS iso_week,
  sport_type,
  active_days,
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
  weeks
