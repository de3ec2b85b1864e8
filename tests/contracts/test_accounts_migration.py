"""A database of an older release gets accounts and keeps what it has."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, text

from app.records import database
from app.records.answers import AnswerStore
from tests.contracts.accounts import somebody, store_on
from tests.contracts.asked import Asked


def test_a_database_from_before_accounts_keeps_everything(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
    asked = Asked(engine)
    key = asked.ask("How long is leave?", quote="Twenty weeks.", state="answered")
    tables = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    assert "users" not in tables
    before = rows(engine, tables)
    assert before["answers"]
    engine.dispose()
    opened = database.open_database(url)
    try:
        assert rows(opened, tables) == before
        assert AnswerStore(opened).get(key).question == "How long is leave?"
        assert not store_on(opened).any_user()
        assert somebody(store_on(opened)) in store_on(opened).users()
    finally:
        opened.dispose()


def rows(engine: Engine, tables: list[str]) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {
            name: sorted(
                str(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{name}"'))
            )
            for name in tables
        }
