"""``/audit``: who did what, newest first; and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.bootstrap import Services
from app.entrance.auditing import client
from app.insights.csv_lines import csv_lines
from app.records.accounts import Action, AuditEntry
from app.web.dependencies import ServicesDep
from app.web.signing.coming_in import FRESH
from app.web.signing.people_pages import check_accounts
from app.web.signing.words import ACTIONS, detail_words
from app.web.templating import page

router = APIRouter(include_in_schema=False)
SHOWN = 100
"""Lines on one page."""
_STEP = 1000
_COLUMNS = ("at", "actor", "actor_id", "action", "target", "detail", "client")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose lines, and of what; empty: all."""

    actor: str
    action: str

    def entries(
        self, services: Services, limit: int, before: int | None = None
    ) -> list[AuditEntry]:
        """Newest first; with ``before``, those older than that line."""
        return services.accounts.audit_log(
            limit=limit, before=before, actor=self.actor or None, action=self.action or None
        )

    @property
    def query(self) -> dict[str, str]:
        """As query parameters."""
        return {"actor": self.actor, "action": self.action}


@router.get("/audit")
def audit(
    request: Request,
    services: ServicesDep,
    actor: str = "",
    action: str = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """One page of it; htmx gets only the list."""
    check_accounts(request)
    wanted = Wanted(actor, action)
    found = wanted.entries(services, SHOWN + 1, before)
    entries, more = found[:SHOWN], len(found) > SHOWN
    context: dict[str, Any] = {
        "wanted": wanted,
        "entries": entries,
        "older": entries[-1].id if more else None,
        "before": before,
        "actions": ACTIONS,
        "people": services.accounts.users(),
        "detail_words": detail_words,
    }
    return page(request, "accounts/audit.html", context, block="list", headers=FRESH)


@router.get("/audit.csv")
def as_csv(request: Request, services: ServicesDep, actor: str = "", action: str = "") -> Response:
    """All lines that the filter leaves, newest first."""
    check_accounts(request)
    wanted = Wanted(actor, action)
    kept = {name: value for name, value in wanted.query.items() if value}
    services.accounts.audit(Action.DATA_EXPORTED, "audit log", detail=kept, client=client(request))
    return StreamingResponse(
        csv_lines(_COLUMNS, _rows(services, wanted)),
        media_type="text/csv; charset=utf-8",
        headers={**FRESH, "Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _rows(services: Services, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    before: int | None = None
    while entries := wanted.entries(services, _STEP, before):
        for entry in entries:
            yield (
                entry.at,
                entry.actor,
                entry.actor_id,
                entry.action,
                entry.target,
                detail_words(entry),
                entry.client,
            )
        before = entries[-1].id
