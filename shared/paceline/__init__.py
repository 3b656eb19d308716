"""Paceline: an athlete's training history, in a warehouse that the athlete owns."""
