WITH days AS (
  SELECT
    athlete_id,
    sport_group,
    local_date,
    UNIX_DATE(local_date) AS day_number,
    -- Weeks begin on Mondays; day 0, 1970-01-01, was a Thursday.
    DIV((UNIX_DATE(local_date) + 3), 7) AS week_number
  FROM
    silver.sport_days
),
today AS (
  SELECT
    athlete_id,
    local_date AS as_of
  FROM
    silver.today
),
active AS (
  SELECT
    athlete_id,
    sport_group,
    'days' AS unit,
    day_number AS number,
    local_date AS first_on,
    local_date AS last_on
  FROM
    days
  UNION ALL
  SELECT
    athlete_id,
    sport_group,
    'weeks',
    week_number,
    MIN(local_date),
    MAX(local_date)
  FROM
    days
  GROUP BY
    athlete_id,
    sport_group,
    week_number
),
islands AS (
  -- Within a streak, the number and the rank grow alike.
  SELECT
    *,
    number - ROW_NUMBER() OVER (
      PARTITION BY athlete_id, sport_group, unit
      ORDER BY number
    ) AS island
  FROM
    active
),
streaks AS (
  SELECT
    athlete_id,
    sport_group,
    unit,
    COUNT(*) AS length,
    MIN(first_on) AS first_on,
    MAX(last_on) AS last_on,
    MAX(number) AS last_number
  FROM
    islands
  GROUP BY
    athlete_id,
    sport_group,
    unit,
    island
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, sport_group, unit
      ORDER BY length DESC, first_on
    ) AS place,
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, sport_group, unit
      ORDER BY last_on DESC
    ) AS place_from_end
  FROM
    streaks
),
alive AS (
  SELECT
    ranked.*,
    today.as_of,
    place_from_end = 1
    AND last_number >= -1 + IF(
      unit = 'days',
      UNIX_DATE(today.as_of),
      DIV((UNIX_DATE(today.as_of) + 3), 7)
    ) AS still_runs
  FROM
    ranked
  INNER JOIN
    today
  ON
    ranked.athlete_id = today.athlete_id
)
SELECT
  athlete_id,
  sport_group,
  unit,
  MAX(IF(place = 1, length, NULL)) AS longest_length,
  MAX(IF(place = 1, first_on, NULL)) AS longest_from,
  MAX(IF(place = 1, last_on, NULL)) AS longest_to,
  MAX(IF(still_runs, length, 0)) AS current_length,
  MAX(IF(still_runs, first_on, NULL)) AS current_from,
  MAX(last_on) AS last_on,
  MAX(as_of) AS as_of
FROM
  alive
GROUP BY
  athlete_id,
  sport_group,
  unit
