"""A simulated Strava."""
