"""``/insights/alerts``: thresholds on metrics, and when they were crossed."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
