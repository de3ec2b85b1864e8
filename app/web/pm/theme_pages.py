"""``/insights/feedback``: reviews and support tickets from elsewhere, by theme."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
