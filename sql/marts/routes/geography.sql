-- For BigQuery alone: its maps and ST_ functions want GEOGRAPHY. No table holds one, because DuckDB
-- knows places only by an extension that it would fetch; there, line_wkt is what such tools read.
SELECT
  routes.*,
  SAFE.ST_GEOGPOINT(routes.start_lng, routes.start_lat) AS start_point,
  SAFE.ST_GEOGPOINT(routes.end_lng, routes.end_lat) AS end_point,
  SAFE.ST_GEOGFROMTEXT(routes.line_wkt) AS line
FROM
  marts.routes AS routes
