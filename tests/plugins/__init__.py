"""Small pytest plugins of this suite."""
