WITH cells AS (
  SELECT
    *
  FROM
    silver.activity_cells
),
counts AS (
  SELECT
    athlete_id,
    sport_group,
    lat_cell,
    lng_cell,
    COUNT(*) AS activities
  FROM
    cells
  GROUP BY
    athlete_id,
    sport_group,
    lat_cell,
    lng_cell
)
SELECT
  athlete_id,
  sport_group,
  (lat_cell + 0.5) / 1000 AS lat,
  (lng_cell + 0.5) / 1000 AS lng,
  activities
FROM
  counts
