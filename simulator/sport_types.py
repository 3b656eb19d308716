"""The older and coarser `type` that still travels beside `sport_type`."""

_LEGACY = {
    "EMountainBikeRide": "EBikeRide",
    "GravelRide": "Ride",
    "MountainBikeRide": "Ride",
    "TrailRun": "Run",
    "VirtualRow": "Rowing",
} | dict.fromkeys(
    (
        "Badminton", "Basketball", "Cricket", "Dance", "HighIntensityIntervalTraining", "Padel",
        "PhysicalTherapy", "Pickleball", "Pilates", "Racquetball", "Squash", "TableTennis",
        "Tennis", "Volleyball",
    ),
    "Workout",
)  # fmt: skip


def legacy_type(sport_type: str) -> str:
    return _LEGACY.get(sport_type, sport_type)
