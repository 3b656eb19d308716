-- check: threshold_hour: an hour of measured power at ftp_w is not a load of 100
SELECT 1
FROM marts.activity_load AS loads
WHERE
  loads.tss IS NOT NULL
  AND loads.normalized_power_source = 'streams'
  AND ABS(loads.tss - loads.recorded_s / 36 * POW(loads.intensity_factor, 2)) > 0.000001

-- check: load_or_reason: there is a load and a reason why not, or neither
SELECT 1
FROM marts.activity_load AS loads
WHERE
  (loads.load IS NULL) = (loads.load_missing_because IS NULL)
  OR (loads.load IS NULL) != (loads.load_source IS NULL)

-- check: no_negative_load: a load below 0
SELECT 1
FROM marts.activity_load AS loads
WHERE
  loads.load < 0

-- check: measured_power_only: a tss from power that nobody measured
SELECT 1
FROM marts.activity_load AS loads
WHERE
  loads.tss IS NOT NULL
  AND NOT loads.power_is_measured
