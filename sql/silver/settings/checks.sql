-- check: one_value_a_day: two values of a setting would hold on the same day
SELECT 1
FROM silver.settings AS earlier
INNER JOIN silver.settings AS later
ON
  earlier.athlete_id = later.athlete_id
  AND earlier.name = later.name
  AND earlier.valid_from < later.valid_from
WHERE
  earlier.valid_until IS NULL
  OR earlier.valid_until > later.valid_from
