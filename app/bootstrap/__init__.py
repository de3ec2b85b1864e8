"""Settings → Services. The only place that chooses implementations."""

from __future__ import annotations

from app.bootstrap.building import build_services
from app.bootstrap.services import Readiness, Services

__all__ = ["Readiness", "Services", "build_services"]
