"""A real server for fuzzing: ``python -m tests.fuzz.served DATA ACCOUNTS DATABASE_URL``.

Says its address, and an operator's sign-in where there are accounts, in a line of JSON.

Only the embedding model is a stand-in, as no fuzzed value concerns it. A process of its own:
hypothesis makes `random` repeat itself, from which a server takes its ids.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from app import server
from app.access import Role
from app.bootstrap import build_services, models
from app.settings import Settings
from tests.knowledge.world import WordEmbedder

OPERATOR = "operator@example.com"


def run() -> None:
    """Serve until told to stop."""
    folder, accounts, database = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        database_url=database,
        prd_dir=folder / "prd",
        accounts=accounts,
        rate_limits="off",  # what a route does is under test, not how often it may be asked
        max_file_mb=1,
        port=0,
        log_level="warning",
    )
    setattr(models, "load_embedder", lambda _settings: WordEmbedder())  # noqa: B010  # a seam
    token = _operator(settings) if settings.accounts_on else ""

    def say(address: str) -> None:
        print(json.dumps({"url": address, "token": token}), flush=True)

    server.serve(settings, say)


def _operator(settings: Settings) -> str:
    """The sign-in of somebody who may do everything."""
    services = build_services(settings)
    try:
        user = services.accounts.add_user(OPERATOR, "Operator", Role.OPERATOR)
        return services.accounts.sign_in_as(user.id, client="127.0.0.1", device="fuzz").token
    finally:
        services.close()


if __name__ == "__main__":
    run()
