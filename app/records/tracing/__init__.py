"""Traces: spans as they end, a roll-up for each, and their content where that is wanted."""
