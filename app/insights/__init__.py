"""What was recorded means: metrics, funnels, gaps, themes, experiments. Reads; never answers."""
