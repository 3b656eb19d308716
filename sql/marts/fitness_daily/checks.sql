-- check: bounded: fitness or fatigue rises above the greatest load of a day, or falls below 0
-- It may have been above before: at the first of the rebuilt days it is what it is.
SELECT 1
FROM (
  SELECT
    days.ctl,
    days.atl,
    FIRST_VALUE(days.ctl) OVER from_first AS first_ctl,
    FIRST_VALUE(days.atl) OVER from_first AS first_atl,
    MAX(days.load) OVER (PARTITION BY days.athlete_id) AS greatest_load
  FROM
    marts.fitness_daily AS days
  WINDOW
    from_first AS (PARTITION BY days.athlete_id ORDER BY days.local_date)
) AS rebuilt
WHERE
  LEAST(rebuilt.ctl, rebuilt.atl) < 0
  OR rebuilt.ctl > GREATEST(rebuilt.greatest_load, rebuilt.first_ctl) + 0.000001
  OR rebuilt.atl > GREATEST(rebuilt.greatest_load, rebuilt.first_atl) + 0.000001

-- check: follows: fitness, fatigue or form of a day does not follow from its load and the day before
-- Of the first of the rebuilt days the day before is not read; but its form tells what it was.
SELECT 1
FROM (
  SELECT
    days.ctl,
    days.atl,
    days.tsb,
    days.load,
    EXP(-SAFE_DIVIDE(1, days.ctl_days)) AS ctl_kept,
    EXP(-SAFE_DIVIDE(1, days.atl_days)) AS atl_kept,
    LAG(days.ctl) OVER (PARTITION BY days.athlete_id ORDER BY days.local_date) AS ctl_before,
    LAG(days.atl) OVER (PARTITION BY days.athlete_id ORDER BY days.local_date) AS atl_before
  FROM
    marts.fitness_daily AS days
) AS rebuilt
WHERE
  ABS(rebuilt.load + (rebuilt.ctl_before - rebuilt.load) * rebuilt.ctl_kept - rebuilt.ctl) > 0.00001
  OR ABS(rebuilt.load + (rebuilt.atl_before - rebuilt.load) * rebuilt.atl_kept - rebuilt.atl) > 0.00001
  OR ABS(
    SAFE_DIVIDE(rebuilt.ctl - rebuilt.load, rebuilt.ctl_kept)
    - SAFE_DIVIDE(rebuilt.atl - rebuilt.load, rebuilt.atl_kept) - rebuilt.tsb
  ) > 0.00001

-- check: no_gap: a day follows that is not the next one
SELECT 1
FROM (
  SELECT
    days.athlete_id,
    COUNT(*) AS rows_rebuilt,
    DATE_DIFF(MAX(days.local_date), MIN(days.local_date), DAY) + 1 AS calendar_days,
    MAX(days.day_number) - MIN(days.day_number) + 1 AS numbered_days
  FROM
    marts.fitness_daily AS days
  GROUP BY
    days.athlete_id
) AS rebuilt
WHERE
  rebuilt.rows_rebuilt != rebuilt.calendar_days
  OR rebuilt.rows_rebuilt != rebuilt.numbered_days

-- check: every_load_counted: the loads of the days are not those of their activities
SELECT 1
FROM (
  SELECT
    days.athlete_id,
    SUM(days.load) AS load,
    SUM(days.activities) AS activities
  FROM
    marts.fitness_daily AS days
  GROUP BY
    days.athlete_id
) AS rebuilt
INNER JOIN (
  SELECT
    loads.athlete_id,
    COALESCE(SUM(loads.load), 0) AS load,
    COUNT(*) AS activities
  FROM
    marts.activity_load AS loads
  GROUP BY
    loads.athlete_id
) AS counted
ON
  rebuilt.athlete_id = counted.athlete_id
WHERE
  rebuilt.activities != counted.activities
  OR ABS(rebuilt.load - counted.load) > 0.01
