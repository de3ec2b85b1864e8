"""``/traces``: every question and ingest step by step, with time, cost and passages."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
