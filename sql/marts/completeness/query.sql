WITH landed AS (
  SELECT
    *
  FROM
    ops.reconciliations
),
activities AS (
  SELECT
    athlete_id,
    EXTRACT(YEAR FROM started_at) AS year,
    -- Before summaries were kept, everything was read in detail.
    COALESCE(detailed, TRUE) AS detailed
  FROM
    silver.activities
),
comparisons AS (
  -- A report that came twice is one report.
  SELECT
    *
  FROM
    landed
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, year, checked_at
      ORDER BY ingested_at DESC
    ) = 1
),
newest_first AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY athlete_id, year ORDER BY checked_at DESC) AS place
  FROM
    comparisons
),
checked AS (
  SELECT
    athlete_id,
    year,
    MAX(IF(place = 1, listed, NULL)) AS listed,
    MAX(IF(place = 1, held_back, NULL)) AS held_back,
    SUM(missing + changed + gone) AS healed,
    MAX(checked_at) AS checked_at,
    MAX(IF(whole, checked_at, NULL)) AS whole_checked_at
  FROM
    newest_first
  GROUP BY
    athlete_id,
    year
),
here AS (
  SELECT
    athlete_id,
    year,
    COUNT(*) AS held,
    COUNTIF(detailed) AS detailed
  FROM
    activities
  GROUP BY
    athlete_id,
    year
),
years AS (
  SELECT
    COALESCE(here.athlete_id, checked.athlete_id) AS athlete_id,
    COALESCE(here.year, checked.year) AS year,
    checked.listed,
    COALESCE(here.held, 0) AS held,
    COALESCE(here.detailed, 0) AS detailed,
    GREATEST(checked.listed - COALESCE(here.held, 0), 0) AS missing,
    COALESCE(checked.healed, 0) AS healed,
    checked.held_back,
    checked.checked_at,
    checked.whole_checked_at
  FROM
    here
  FULL JOIN
    checked
  ON
    here.athlete_id = checked.athlete_id
    AND here.year = checked.year
)
SELECT
  athlete_id,
  year,
  listed,
  held,
  detailed,
  missing,
  healed,
  held_back,
  checked_at,
  whole_checked_at,
  CONCAT(
    CAST(year AS STRING),
    ': ',
    CAST(held - GREATEST(held - COALESCE(listed, held), 0) AS STRING),
    COALESCE(CONCAT(' of ', CAST(listed AS STRING)), ''),
    IF(held > listed, CONCAT(' and ', CAST(held - listed AS STRING), ' more'), ''),
    IF(detailed < held, CONCAT(', ', CAST(detailed AS STRING), ' in detail'), ''),
    COALESCE(
      CONCAT(
        ', ',
        CAST(healed AS STRING),
        ' healed, checked ',
        FORMAT_TIMESTAMP('%Y-%m-%d %H:%M', checked_at)
      ),
      ', not checked yet'
    )
  ) AS told
FROM
  years
