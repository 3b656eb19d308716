-- check: threshold_hour: tss is not 100 (NP / FTP)^2 an hour
-- By the power of that activity and the ftp_w of that day, both from where they are kept.
SELECT 1
FROM marts.activity_load AS loads
LEFT JOIN silver.metrics AS metrics
ON
  loads.athlete_id = metrics.athlete_id
  AND loads.activity_id = metrics.activity_id
LEFT JOIN silver.settings AS ftp
ON
  loads.athlete_id = ftp.athlete_id
  AND ftp.name = 'ftp_w'
  AND loads.local_date >= ftp.valid_from
  AND COALESCE(loads.local_date < ftp.valid_until, TRUE)
WHERE
  loads.tss IS NOT NULL
  AND loads.normalized_power_source = 'streams'
  AND COALESCE(
    ABS(
      loads.tss
      - metrics.recorded_s / 36 * POW(SAFE_DIVIDE(metrics.normalized_power_w, ftp.value), 2)
    ) > 0.000001 * GREATEST(1.0, loads.tss),
    TRUE
  )

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
