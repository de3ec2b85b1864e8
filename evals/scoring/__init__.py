"""Records → figures: pure functions, no store and no model."""
