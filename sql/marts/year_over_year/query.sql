WITH days AS (
  SELECT
    *,
    EXTRACT(YEAR FROM local_date) AS year,
    EXTRACT(MONTH FROM local_date) AS month,
    EXTRACT(DAY FROM local_date) AS day
  FROM
    silver.sport_days
),
today AS (
  SELECT
    *
  FROM
    silver.today
),
calendar AS (
  -- Of a leap year, for all years alike.
  SELECT
    EXTRACT(MONTH FROM date) AS month,
    EXTRACT(DAY FROM date) AS day
  FROM
    UNNEST(GENERATE_DATE_ARRAY(DATE '2024-01-01', DATE '2024-12-31')) AS date
),
spans AS (
  SELECT
    days.athlete_id,
    days.sport_group,
    MIN(days.year) AS first_year,
    MAX(today.local_date) AS last_day
  FROM
    days
  INNER JOIN
    today
  ON
    days.athlete_id = today.athlete_id
  GROUP BY
    days.athlete_id,
    days.sport_group
),
years AS (
  SELECT
    spans.athlete_id,
    spans.sport_group,
    spans.last_day,
    year
  FROM
    spans
  CROSS JOIN
    UNNEST(GENERATE_ARRAY(spans.first_year, EXTRACT(YEAR FROM spans.last_day))) AS year
),
grid AS (
  SELECT
    years.athlete_id,
    years.sport_group,
    years.year,
    calendar.month,
    calendar.day
  FROM
    years
  CROSS JOIN
    calendar
  WHERE
    years.year < EXTRACT(YEAR FROM years.last_day)
    OR calendar.month < EXTRACT(MONTH FROM years.last_day)
    OR (
      calendar.month = EXTRACT(MONTH FROM years.last_day)
      AND calendar.day <= EXTRACT(DAY FROM years.last_day)
    )
),
running AS (
  SELECT
    grid.athlete_id,
    grid.sport_group,
    grid.year,
    grid.month,
    grid.day,
    SUM(COALESCE(days.activities, 0)) OVER so_far AS activities,
    ROUND(SUM(COALESCE(days.distance_m, 0)) OVER so_far, 3) AS distance_m,
    SUM(COALESCE(days.moving_time_s, 0)) OVER so_far AS moving_time_s,
    ROUND(SUM(COALESCE(days.elevation_gain_m, 0)) OVER so_far, 3) AS elevation_gain_m
  FROM
    grid
  LEFT JOIN
    days
  ON
    grid.athlete_id = days.athlete_id
    AND grid.sport_group = days.sport_group
    AND grid.year = days.year
    AND grid.month = days.month
    AND grid.day = days.day
  WINDOW
    so_far AS (
      PARTITION BY grid.athlete_id, grid.sport_group, grid.year
      ORDER BY grid.month, grid.day
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)
SELECT
  athlete_id,
  sport_group,
  year,
  month,
  day,
  activities,
  distance_m,
  distance_m / 1000 AS distance_km,
  distance_m / 1609.344 AS distance_mi,
  moving_time_s,
  elevation_gain_m
FROM
  running
