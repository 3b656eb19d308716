WITH touched AS (
  SELECT
    athlete_id,
    activity_id
  FROM
    touched.activities
),
now_or_before AS (
  -- Landing has the days they move to, silver the days they leave: it is read before it is rebuilt.
  SELECT
    athlete_id,
    activity_id,
    local_date
  FROM
    landing.activities
  UNION ALL
  SELECT
    athlete_id,
    activity_id,
    local_date
  FROM
    silver.activities
),
settings_now AS (
  SELECT
    athlete_id,
    name,
    value,
    source,
    valid_from,
    COALESCE(valid_until, DATE '9999-12-31') AS valid_until
  FROM
    silver.known_settings
),
settings_before AS (
  -- What the marts were last built with: it too is read before it is rebuilt.
  SELECT
    athlete_id,
    name,
    value,
    source,
    valid_from,
    COALESCE(valid_until, DATE '9999-12-31') AS valid_until
  FROM
    silver.settings
),
differing AS (
  SELECT
    *
  FROM
    (SELECT * FROM settings_now EXCEPT DISTINCT SELECT * FROM settings_before) AS new_rows
  UNION ALL
  SELECT
    *
  FROM
    (SELECT * FROM settings_before EXCEPT DISTINCT SELECT * FROM settings_now) AS old_rows
),
differing_names AS (
  SELECT DISTINCT
    athlete_id,
    name
  FROM
    differing
),
days_of_theirs AS (
  SELECT DISTINCT
    activities.athlete_id,
    differing_names.name,
    activities.local_date
  FROM
    silver.activities AS activities
  INNER JOIN
    differing_names
  ON
    activities.athlete_id = differing_names.athlete_id
),
revalued AS (
  -- A row that only ends on another day has touched no day before that.
  SELECT
    days_of_theirs.athlete_id,
    days_of_theirs.local_date
  FROM
    days_of_theirs
  LEFT JOIN
    settings_now
  ON
    days_of_theirs.athlete_id = settings_now.athlete_id
    AND days_of_theirs.name = settings_now.name
    AND days_of_theirs.local_date >= settings_now.valid_from
    AND days_of_theirs.local_date < settings_now.valid_until
  LEFT JOIN
    settings_before
  ON
    days_of_theirs.athlete_id = settings_before.athlete_id
    AND days_of_theirs.name = settings_before.name
    AND days_of_theirs.local_date >= settings_before.valid_from
    AND days_of_theirs.local_date < settings_before.valid_until
  WHERE
    settings_now.value IS DISTINCT FROM settings_before.value
    OR settings_now.source IS DISTINCT FROM settings_before.source
),
clock AS (
  SELECT
    MAX(set_at) AS set_at
  FROM
    ops.clock
),
passed AS (
  -- It is another day for the athlete than when the marts were built.
  SELECT
    today.athlete_id,
    CAST(DATE_ADD(today.local_date, INTERVAL 1 DAY) AS DATE) AS local_date
  FROM
    silver.today AS today
  INNER JOIN
    clock
  ON
    DATE(TIMESTAMP_ADD(clock.set_at, INTERVAL today.utc_offset_s SECOND)) > today.local_date
),
days AS (
  SELECT
    now_or_before.athlete_id,
    now_or_before.local_date
  FROM
    now_or_before
  INNER JOIN
    touched
  ON
    now_or_before.athlete_id = touched.athlete_id
    AND now_or_before.activity_id = touched.activity_id
  WHERE
    now_or_before.local_date IS NOT NULL
  UNION ALL
  SELECT
    athlete_id,
    local_date
  FROM
    revalued
  UNION ALL
  SELECT
    athlete_id,
    local_date
  FROM
    passed
  UNION ALL
  -- What a run that was stopped half way, or blocked, still had to rebuild.
  SELECT
    athlete_id,
    local_date
  FROM
    ops.unfinished_days
)
SELECT DISTINCT
  athlete_id,
  local_date
FROM
  days
