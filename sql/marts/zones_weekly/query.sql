WITH zones AS (
  SELECT
    *
  FROM
    marts.activity_zones
),
weeks AS (
  SELECT
    athlete_id,
    week_start,
    sport_group,
    kind,
    zone,
    SUM(seconds) AS seconds,
    COUNT(*) AS activities
  FROM
    zones
  GROUP BY
    athlete_id,
    week_start,
    sport_group,
    kind,
    zone
)
SELECT
  athlete_id,
  week_start,
  sport_group,
  kind,
  zone,
  seconds,
  seconds / 3600 AS hours,
  SAFE_DIVIDE(
    seconds,
    SUM(seconds) OVER (PARTITION BY athlete_id, week_start, sport_group, kind)
  ) AS share,
  activities
FROM
  weeks
