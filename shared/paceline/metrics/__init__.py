"""Pure numpy: what a stream says about an activity."""
