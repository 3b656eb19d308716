WITH activities AS (
  SELECT
    *
  FROM
    silver.activities
),
loads AS (
  SELECT
    *
  FROM
    marts.activity_load
),
days_before AS (
  -- What this table itself has from before the days that are rebuilt; nothing on a full run.
  SELECT
    *
  FROM
    marts.rolling
  WHERE
    window_days = 1
),
last_days_before AS (
  SELECT
    athlete_id,
    sport_group,
    MAX(local_date) AS local_date,
    MAX(day_number) AS day_number
  FROM
    days_before
  GROUP BY
    athlete_id,
    sport_group
),
described AS (
  SELECT
    activities.athlete_id,
    activities.local_date,
    [loads.sport_group, 'all'] AS sport_groups,
    activities.distance_m,
    activities.moving_time_s,
    activities.elevation_gain_m,
    loads.load
  FROM
    activities
  INNER JOIN
    loads
  ON
    activities.athlete_id = loads.athlete_id
    AND activities.activity_id = loads.activity_id
),
active_days AS (
  -- Sums are rounded, so that the order in which rows are added up does not show.
  SELECT
    described.athlete_id,
    described.local_date,
    sport_group,
    COUNT(*) AS activities,
    ROUND(COALESCE(SUM(described.distance_m), 0), 3) AS distance_m,
    COALESCE(SUM(described.moving_time_s), 0) AS moving_time_s,
    ROUND(COALESCE(SUM(described.elevation_gain_m), 0), 3) AS elevation_gain_m,
    ROUND(COALESCE(SUM(described.load), 0), 6) AS load
  FROM
    described
  CROSS JOIN
    UNNEST(described.sport_groups) AS sport_group
  GROUP BY
    described.athlete_id,
    described.local_date,
    sport_group
),
today AS (
  SELECT
    *
  FROM
    silver.today
),
firsts AS (
  -- A group that was there before goes on; a new one begins with its first active day.
  SELECT
    athlete_id,
    sport_group,
    CAST(DATE_ADD(local_date, INTERVAL 1 DAY) AS DATE) AS first_date,
    day_number AS numbered
  FROM
    last_days_before
  UNION ALL
  SELECT
    active_days.athlete_id,
    active_days.sport_group,
    MIN(active_days.local_date),
    0
  FROM
    active_days
  LEFT JOIN
    last_days_before
  ON
    active_days.athlete_id = last_days_before.athlete_id
    AND active_days.sport_group = last_days_before.sport_group
  WHERE
    last_days_before.athlete_id IS NULL
  GROUP BY
    active_days.athlete_id,
    active_days.sport_group
),
dates AS (
  SELECT
    firsts.athlete_id,
    firsts.sport_group,
    day AS local_date,
    firsts.numbered + DATE_DIFF(day, firsts.first_date, DAY) + 1 AS day_number
  FROM
    firsts
  INNER JOIN
    today
  ON
    firsts.athlete_id = today.athlete_id
  CROSS JOIN
    UNNEST(GENERATE_DATE_ARRAY(firsts.first_date, today.local_date)) AS day
),
days AS (
  SELECT
    dates.athlete_id,
    dates.local_date,
    dates.sport_group,
    TRUE AS is_new,
    COALESCE(active_days.activities, 0) AS activities,
    COALESCE(active_days.distance_m, 0) AS distance_m,
    COALESCE(active_days.moving_time_s, 0) AS moving_time_s,
    COALESCE(active_days.elevation_gain_m, 0) AS elevation_gain_m,
    COALESCE(active_days.load, 0) AS load,
    dates.day_number
  FROM
    dates
  LEFT JOIN
    active_days
  ON
    dates.athlete_id = active_days.athlete_id
    AND dates.local_date = active_days.local_date
    AND dates.sport_group = active_days.sport_group
  UNION ALL
  -- As many as the longest window reaches back.
  SELECT
    days_before.athlete_id,
    days_before.local_date,
    days_before.sport_group,
    FALSE,
    days_before.activities,
    days_before.distance_m,
    days_before.moving_time_s,
    days_before.elevation_gain_m,
    days_before.load,
    days_before.day_number
  FROM
    days_before
  INNER JOIN
    last_days_before
  ON
    days_before.athlete_id = last_days_before.athlete_id
    AND days_before.sport_group = last_days_before.sport_group
    AND DATE_DIFF(last_days_before.local_date, days_before.local_date, DAY) < 90
),
windows AS (
  SELECT
    athlete_id,
    local_date,
    sport_group,
    is_new,
    day_number,
    [
      STRUCT(
        1 AS window_days,
        activities AS activities,
        distance_m AS distance_m,
        moving_time_s AS moving_time_s,
        elevation_gain_m AS elevation_gain_m,
        load AS load
      ),
      (
        7,
        SUM(activities) OVER week,
        SUM(distance_m) OVER week,
        SUM(moving_time_s) OVER week,
        SUM(elevation_gain_m) OVER week,
        SUM(load) OVER week
      ),
      (
        28,
        SUM(activities) OVER four_weeks,
        SUM(distance_m) OVER four_weeks,
        SUM(moving_time_s) OVER four_weeks,
        SUM(elevation_gain_m) OVER four_weeks,
        SUM(load) OVER four_weeks
      ),
      (
        90,
        SUM(activities) OVER season,
        SUM(distance_m) OVER season,
        SUM(moving_time_s) OVER season,
        SUM(elevation_gain_m) OVER season,
        SUM(load) OVER season
      )
    ] AS sums
  FROM
    days
  WINDOW
    by_day AS (PARTITION BY athlete_id, sport_group ORDER BY local_date),
    week AS (by_day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW),
    four_weeks AS (by_day ROWS BETWEEN 27 PRECEDING AND CURRENT ROW),
    season AS (by_day ROWS BETWEEN 89 PRECEDING AND CURRENT ROW)
)
SELECT
  windows.athlete_id,
  windows.local_date,
  windows.sport_group,
  total.window_days,
  windows.day_number >= total.window_days AS window_is_full,
  total.activities,
  ROUND(total.distance_m, 3) AS distance_m,
  ROUND(total.distance_m, 3) / 1000 AS distance_km,
  ROUND(total.distance_m, 3) / 1609.344 AS distance_mi,
  total.moving_time_s,
  ROUND(total.elevation_gain_m, 3) AS elevation_gain_m,
  ROUND(total.elevation_gain_m, 3) / 0.3048 AS elevation_gain_ft,
  ROUND(total.load, 6) AS load,
  windows.day_number
FROM
  windows
CROSS JOIN
  UNNEST(windows.sums) AS total
WHERE
  windows.is_new
