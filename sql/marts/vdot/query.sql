WITH efforts AS (
  SELECT
    *
  FROM
    silver.efforts
),
paced AS (
  SELECT
    *,
    elapsed_time_s / 60 AS minutes,
    SAFE_DIVIDE(60 * distance_m, elapsed_time_s) AS metres_a_minute
  FROM
    efforts
  WHERE
    sport_group = 'run'
    AND NOT indoor
    AND distance_m >= 1500
    AND elapsed_time_s BETWEEN 210 AND 14400
),
scored AS (
  -- Oxygen that the speed costs, over the share of the greatest uptake that lasts so long.
  SELECT
    *,
    SAFE_DIVIDE(
      -4.6 + 0.182258 * metres_a_minute + 0.000104 * metres_a_minute * metres_a_minute,
      0.8 + 0.1894393 * EXP(-0.012778 * minutes) + 0.2989558 * EXP(-0.1932605 * minutes)
    ) AS vdot
  FROM
    paced
),
best AS (
  SELECT
    *
  FROM
    scored
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, activity_id
      ORDER BY vdot DESC, distance_m
    ) = 1
)
SELECT
  athlete_id,
  activity_id,
  local_date,
  race,
  vdot,
  distance_m,
  distance_name,
  elapsed_time_s,
  SAFE_DIVIDE(1000 * elapsed_time_s, distance_m) AS pace_s_per_km,
  SAFE_DIVIDE(1609.344 * elapsed_time_s, distance_m) AS pace_s_per_mi,
  MAX(vdot) OVER (
    PARTITION BY athlete_id
    ORDER BY UNIX_DATE(local_date)
    RANGE BETWEEN 89 PRECEDING AND CURRENT ROW
  ) AS best_90_days
FROM
  best
