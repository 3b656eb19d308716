WITH names AS (
  SELECT
    name.sport_type,
    name.sport_group
  FROM
    UNNEST([
      STRUCT('Run' AS sport_type, 'run' AS sport_group),
      STRUCT('TrailRun', 'run'),
      STRUCT('VirtualRun', 'run'),
      STRUCT('Ride', 'ride'),
      STRUCT('GravelRide', 'ride'),
      STRUCT('MountainBikeRide', 'ride'),
      STRUCT('VirtualRide', 'ride'),
      STRUCT('EBikeRide', 'ebike'),
      STRUCT('EMountainBikeRide', 'ebike'),
      STRUCT('Swim', 'swim'),
      STRUCT('Walk', 'walk'),
      STRUCT('Hike', 'walk'),
      STRUCT('Snowshoe', 'walk'),
      STRUCT('AlpineSki', 'ski'),
      STRUCT('BackcountrySki', 'ski'),
      STRUCT('NordicSki', 'ski'),
      STRUCT('RollerSki', 'ski'),
      STRUCT('Snowboard', 'ski'),
      STRUCT('IceSkate', 'skate'),
      STRUCT('InlineSkate', 'skate'),
      STRUCT('Skateboard', 'skate'),
      STRUCT('Canoeing', 'water'),
      STRUCT('Kayaking', 'water'),
      STRUCT('Kitesurf', 'water'),
      STRUCT('Rowing', 'water'),
      STRUCT('Sail', 'water'),
      STRUCT('StandUpPaddling', 'water'),
      STRUCT('Surfing', 'water'),
      STRUCT('VirtualRow', 'water'),
      STRUCT('Windsurf', 'water'),
      STRUCT('Crossfit', 'gym'),
      STRUCT('Elliptical', 'gym'),
      STRUCT('HighIntensityIntervalTraining', 'gym'),
      STRUCT('Pilates', 'gym'),
      STRUCT('StairStepper', 'gym'),
      STRUCT('WeightTraining', 'gym'),
      STRUCT('Workout', 'gym'),
      STRUCT('Yoga', 'gym'),
      STRUCT('Badminton', 'game'),
      STRUCT('Golf', 'game'),
      STRUCT('Pickleball', 'game'),
      STRUCT('Racquetball', 'game'),
      STRUCT('Soccer', 'game'),
      STRUCT('Squash', 'game'),
      STRUCT('TableTennis', 'game'),
      STRUCT('Tennis', 'game'),
      STRUCT('Handcycle', 'other'),
      STRUCT('RockClimbing', 'other'),
      STRUCT('Velomobile', 'other'),
      STRUCT('Wheelchair', 'other')
    ]) AS name
)
SELECT
  sport_type,
  sport_group,
  sport_type LIKE 'Virtual%' AS virtual
FROM
  names
