WITH distances AS (
  SELECT
    distance.sport_group,
    distance.distance_m,
    distance.name,
    distance.fastest_s
  FROM
    UNNEST([
      STRUCT('run' AS sport_group, 400 AS distance_m, '400 m' AS name, 42 AS fastest_s),
      STRUCT('run', 805, '1/2 mile', 99),
      STRUCT('run', 1000, '1 km', 129),
      STRUCT('run', 1609, '1 mile', 218),
      STRUCT('run', 3219, '2 miles', 464),
      STRUCT('run', 5000, '5 km', 740),
      STRUCT('run', 10000, '10 km', 1539),
      STRUCT('run', 15000, '15 km', 2339),
      STRUCT('run', 16090, '10 miles', 2509),
      STRUCT('run', 20000, '20 km', 3157),
      STRUCT('run', 21097, 'half marathon', 3333),
      STRUCT('run', 30000, '30 km', 5000),
      STRUCT('run', 42195, 'marathon', 7090),
      STRUCT('run', 50000, '50 km', 9332),
      STRUCT('run', 80467, '50 miles', 16955),
      STRUCT('run', 100000, '100 km', 21496),
      STRUCT('ride', 5000, '5 km', 250),
      STRUCT('ride', 10000, '10 km', 500),
      STRUCT('ride', 20000, '20 km', 1000),
      STRUCT('ride', 40000, '40 km', 2400),
      STRUCT('ride', 50000, '50 km', 3000),
      STRUCT('ride', 90000, '90 km', 5400),
      STRUCT('ride', 100000, '100 km', 6000),
      STRUCT('ride', 160934, '100 miles', 9656)
    ]) AS distance
)
SELECT
  sport_group,
  distance_m,
  name,
  fastest_s
FROM
  distances
