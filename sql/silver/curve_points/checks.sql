-- check: longer_not_stronger: a multiple of a duration has more mean power than the duration itself
-- Only for multiples: of 300, 0, 300 W the best 2 s are 150 W and the best 3 s are 200 W. Only for
-- power, where a missing second is 0 W: the other means leave such seconds out, and may rise.
SELECT 1
FROM silver.curve_points AS shorter
INNER JOIN silver.curve_points AS longer
ON
  shorter.athlete_id = longer.athlete_id
  AND shorter.activity_id = longer.activity_id
WHERE
  shorter.curve = 'power'
  AND longer.curve = 'power'
  AND longer.duration_s > shorter.duration_s
  AND MOD(longer.duration_s, shorter.duration_s) = 0
  AND longer.value > shorter.value + 0.000001
