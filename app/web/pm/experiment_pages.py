"""``/insights/experiments``: arms, their differences, and what was decided."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
