WITH loads AS (
  SELECT
    *
  FROM
    marts.activity_load
),
today AS (
  SELECT
    *
  FROM
    silver.today
),
days_before AS (
  -- What this table itself has from before the days that are rebuilt; nothing on a full run.
  SELECT
    *
  FROM
    marts.fitness_daily
),
parameters AS (
  -- How long the means are, and what an athlete who trained before there was data had on the eve.
  SELECT
    athlete_id,
    name,
    value,
    valid_from,
    COALESCE(valid_until, DATE '9999-12-31') AS valid_until
  FROM
    silver.settings
  WHERE
    name IN ('ctl_days', 'atl_days', 'ctl_seed', 'atl_seed')
),
lengths AS (
  SELECT
    'ctl' AS series,
    42.0 AS days
  UNION ALL
  SELECT
    'atl',
    7.0
  UNION ALL
  SELECT
    'acute',
    7.0
  UNION ALL
  SELECT
    'chronic',
    28.0
),
lengths_before AS (
  SELECT
    athlete_id,
    MAX(local_date) AS last_date,
    MAX(day_number) AS days
  FROM
    days_before
  GROUP BY
    athlete_id
),
active_days AS (
  -- Sums are rounded, so that the order in which rows are added up does not show.
  SELECT
    athlete_id,
    local_date,
    COUNT(*) AS activities,
    COUNTIF(load IS NULL) AS activities_without_load,
    ROUND(COALESCE(SUM(load), 0), 6) AS load
  FROM
    loads
  GROUP BY
    athlete_id,
    local_date
),
spans AS (
  SELECT
    today.athlete_id,
    COALESCE(
      CAST(DATE_ADD(MAX(lengths_before.last_date), INTERVAL 1 DAY) AS DATE),
      MIN(active_days.local_date)
    ) AS first_date,
    MAX(today.local_date) AS last_date,
    COALESCE(MAX(lengths_before.days), 0) AS days_before
  FROM
    today
  LEFT JOIN
    active_days
  ON
    today.athlete_id = active_days.athlete_id
  LEFT JOIN
    lengths_before
  ON
    today.athlete_id = lengths_before.athlete_id
  GROUP BY
    today.athlete_id
),
first_days AS (
  SELECT
    athlete_id,
    CAST(DATE_SUB(first_date, INTERVAL days_before DAY) AS DATE) AS local_date,
    days_before = 0 AS is_new
  FROM
    spans
),
parameters_of_first_days AS (
  -- They are of a whole series: what holds on its first day counts.
  SELECT
    parameters.athlete_id,
    parameters.name,
    parameters.value,
    first_days.is_new
  FROM
    parameters
  INNER JOIN
    first_days
  ON
    parameters.athlete_id = first_days.athlete_id
    AND first_days.local_date >= parameters.valid_from
    AND first_days.local_date < parameters.valid_until
),
seeds_of_first_days AS (
  SELECT
    athlete_id,
    REPLACE(name, '_seed', '') AS series,
    value,
    is_new
  FROM
    parameters_of_first_days
  WHERE
    name IN ('ctl_seed', 'atl_seed')
),
eves AS (
  SELECT
    athlete_id,
    SUM(IF(series = 'ctl', value, -value)) AS tsb
  FROM
    seeds_of_first_days
  WHERE
    is_new
  GROUP BY
    athlete_id
),
lengths_of_athletes AS (
  SELECT
    first_days.athlete_id,
    lengths.series,
    COALESCE(parameters_of_first_days.value, lengths.days) AS days
  FROM
    first_days
  CROSS JOIN
    lengths
  LEFT JOIN
    parameters_of_first_days
  ON
    first_days.athlete_id = parameters_of_first_days.athlete_id
    AND CONCAT(lengths.series, '_days') = parameters_of_first_days.name
),
weights AS (
  -- The one place where the weight of a day is said: 1 - e^(-1/N) for N days, and for acute and
  -- chronic 2 / (N + 1), as in Williams 2017.
  SELECT
    athlete_id,
    series,
    days,
    IF(series IN ('ctl', 'atl'), 1 - EXP(-SAFE_DIVIDE(1, days)), SAFE_DIVIDE(2, days + 1)) AS weight
  FROM
    lengths_of_athletes
),
dates AS (
  SELECT
    spans.athlete_id,
    day AS local_date,
    spans.days_before + DATE_DIFF(day, spans.first_date, DAY) + 1 AS day_number
  FROM
    spans
  CROSS JOIN
    UNNEST(GENERATE_DATE_ARRAY(spans.first_date, spans.last_date)) AS day
),
new_days AS (
  SELECT
    dates.athlete_id,
    dates.local_date,
    dates.day_number,
    COALESCE(active_days.activities, 0) AS activities,
    COALESCE(active_days.activities_without_load, 0) AS activities_without_load,
    COALESCE(active_days.load, 0) AS load
  FROM
    dates
  LEFT JOIN
    active_days
  ON
    dates.athlete_id = active_days.athlete_id
    AND dates.local_date = active_days.local_date
),
loads_of_days AS (
  SELECT
    athlete_id,
    day_number,
    day_number - 1 AS days_since_first,
    load,
    FALSE AS is_new
  FROM
    days_before
  UNION ALL
  SELECT
    athlete_id,
    day_number,
    day_number - 1,
    load,
    TRUE
  FROM
    new_days
),
terms AS (
  -- In blocks of 16 days, counted from the first, within which powers of the weights stay small; and
  -- in whole numbers, whose sums are the same wherever a rebuild begins and in whatever order.
  SELECT
    loads_of_days.athlete_id,
    weights.series,
    weights.weight,
    loads_of_days.day_number,
    loads_of_days.is_new,
    DIV(loads_of_days.days_since_first, 16) AS block,
    MOD(loads_of_days.days_since_first, 16) AS place,
    CAST(
      ROUND(
        100000000000 * loads_of_days.load
        * POW(1 - weights.weight, -MOD(loads_of_days.days_since_first, 16))
      ) AS INT64
    ) AS term
  FROM
    loads_of_days
  INNER JOIN
    weights
  ON
    loads_of_days.athlete_id = weights.athlete_id
),
blocks AS (
  SELECT
    athlete_id,
    series,
    block,
    weight,
    SUM(term) AS terms,
    LOGICAL_OR(is_new) AS is_new
  FROM
    terms
  GROUP BY
    athlete_id,
    series,
    block,
    weight
),
block_ends AS (
  SELECT
    athlete_id,
    series,
    block,
    weight * POW(1 - weight, 15) * terms / 100000000000 AS value
  FROM
    blocks
  UNION ALL
  SELECT
    athlete_id,
    series,
    -1,
    value
  FROM
    seeds_of_first_days
),
brought_in AS (
  -- What all blocks before have left, at the end of the last of them.
  SELECT
    blocks.athlete_id,
    blocks.series,
    blocks.block,
    SUM(
      CAST(
        ROUND(
          1000000000000 * block_ends.value
          * POW(1 - blocks.weight, 16 * (blocks.block - 1 - block_ends.block))
        ) AS INT64
      )
    ) / 1000000000000 AS value
  FROM
    blocks
  INNER JOIN
    block_ends
  ON
    blocks.athlete_id = block_ends.athlete_id
    AND blocks.series = block_ends.series
    AND block_ends.block < blocks.block
  WHERE
    blocks.is_new
  GROUP BY
    blocks.athlete_id,
    blocks.series,
    blocks.block
),
in_blocks AS (
  -- x(k) = weight * sum of load(j) * (1 - weight)^(k - j): the mean as if nothing were before.
  SELECT
    terms.athlete_id,
    terms.series,
    terms.day_number,
    terms.block,
    terms.place,
    terms.weight,
    terms.weight * POW(1 - terms.weight, terms.place) * SUM(terms.term) OVER (
      PARTITION BY terms.athlete_id, terms.series, terms.block
      ORDER BY terms.place
    ) / 100000000000 AS value
  FROM
    terms
  INNER JOIN
    blocks
  ON
    terms.athlete_id = blocks.athlete_id
    AND terms.series = blocks.series
    AND terms.block = blocks.block
    AND blocks.is_new
),
means AS (
  SELECT
    in_blocks.athlete_id,
    in_blocks.day_number,
    in_blocks.series,
    in_blocks.value
    + COALESCE(brought_in.value, 0) * POW(1 - in_blocks.weight, in_blocks.place + 1) AS value
  FROM
    in_blocks
  LEFT JOIN
    brought_in
  ON
    in_blocks.athlete_id = brought_in.athlete_id
    AND in_blocks.series = brought_in.series
    AND in_blocks.block = brought_in.block
),
means_of_days AS (
  SELECT
    athlete_id,
    day_number,
    MAX(IF(series = 'ctl', value, NULL)) AS ctl,
    MAX(IF(series = 'atl', value, NULL)) AS atl,
    MAX(IF(series = 'acute', value, NULL)) AS acute_load_ewma,
    MAX(IF(series = 'chronic', value, NULL)) AS chronic_load_ewma
  FROM
    means
  GROUP BY
    athlete_id,
    day_number
),
days AS (
  SELECT
    new_days.athlete_id,
    new_days.local_date,
    TRUE AS is_new,
    new_days.day_number,
    new_days.activities,
    new_days.activities_without_load,
    new_days.load,
    means_of_days.ctl,
    means_of_days.atl,
    means_of_days.acute_load_ewma,
    means_of_days.chronic_load_ewma
  FROM
    new_days
  INNER JOIN
    means_of_days
  ON
    new_days.athlete_id = means_of_days.athlete_id
    AND new_days.day_number = means_of_days.day_number
  UNION ALL
  -- As many as the longest window reaches back.
  SELECT
    days_before.athlete_id,
    days_before.local_date,
    FALSE,
    days_before.day_number,
    days_before.activities,
    days_before.activities_without_load,
    days_before.load,
    days_before.ctl,
    days_before.atl,
    days_before.acute_load_ewma,
    days_before.chronic_load_ewma
  FROM
    days_before
  INNER JOIN
    lengths_before
  ON
    days_before.athlete_id = lengths_before.athlete_id
    AND lengths_before.days - days_before.day_number < 28
),
windows AS (
  -- Rounded, so that where the rebuilt days begin does not show.
  SELECT
    days.*,
    LAG(ctl) OVER by_day AS ctl_1_day_before,
    LAG(atl) OVER by_day AS atl_1_day_before,
    LAG(ctl, 7) OVER by_day AS ctl_7_days_before,
    ROUND(SUM(load) OVER seven_days, 6) AS load_7d,
    ROUND(SUM(load) OVER four_weeks, 6) AS load_28d,
    ROUND(STDDEV_SAMP(load) OVER seven_days, 6) AS deviation
  FROM
    days
  WINDOW
    by_day AS (PARTITION BY athlete_id ORDER BY local_date),
    seven_days AS (by_day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW),
    four_weeks AS (by_day ROWS BETWEEN 27 PRECEDING AND CURRENT ROW)
),
monotonies AS (
  SELECT
    windows.*,
    IF(day_number >= 7, SAFE_DIVIDE(load_7d / 7, deviation), NULL) AS monotony,
    day_number >= 28 AND load_28d / 28 >= 1 AS has_acwr,
    day_number >= 28 AND chronic_load_ewma >= 1 AS has_acwr_ewma
  FROM
    windows
)
SELECT
  monotonies.athlete_id,
  local_date,
  day_number,
  activities,
  activities_without_load,
  load,
  ctl,
  atl,
  COALESCE(ctl_1_day_before - atl_1_day_before, eves.tsb, 0) AS tsb,
  ctl - atl AS tsb_same_day,
  ctl - ctl_7_days_before AS ramp,
  load_7d,
  load_28d,
  IF(has_acwr, SAFE_DIVIDE(load_7d / 7, load_28d / 28), NULL) AS acwr,
  acute_load_ewma,
  chronic_load_ewma,
  IF(has_acwr_ewma, SAFE_DIVIDE(acute_load_ewma, chronic_load_ewma), NULL) AS acwr_ewma,
  monotony,
  load_7d * monotony AS strain,
  day_number <= 3 * ctl_weights.days AS warming_up,
  ctl_weights.days AS ctl_days,
  atl_weights.days AS atl_days
FROM
  monotonies
INNER JOIN
  weights AS ctl_weights
ON
  monotonies.athlete_id = ctl_weights.athlete_id
  AND ctl_weights.series = 'ctl'
INNER JOIN
  weights AS atl_weights
ON
  monotonies.athlete_id = atl_weights.athlete_id
  AND atl_weights.series = 'atl'
LEFT JOIN
  eves
ON
  monotonies.athlete_id = eves.athlete_id
WHERE
  is_new
