"""``/insights/questions``: all questions with their outcome, and the queue to review them."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
