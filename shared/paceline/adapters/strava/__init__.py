"""All that speaks Strava: API, OAuth, subscription, wire models."""
