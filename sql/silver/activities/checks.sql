-- check: fresh: a newer version has landed than the row shows
SELECT 1
FROM silver.activities AS built
INNER JOIN landing.activities AS landed
ON
  built.athlete_id = landed.athlete_id
  AND built.activity_id = landed.activity_id
WHERE
  landed.version > built.version
