"""The sample company whose documents the demo ships with."""
