"""Traces as pages and programs ask for them, and in OTLP."""
