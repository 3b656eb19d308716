SELECT
  sport_type,
  sport_group,
  virtual
FROM
  silver.sports
