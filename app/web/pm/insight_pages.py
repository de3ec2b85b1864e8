"""``/insights``: every metric with its definition, target, trend and the questions behind it."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
