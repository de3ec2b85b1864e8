"""``/insights/gaps``: clusters of questions that got no good answer, and unexpected uses."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
