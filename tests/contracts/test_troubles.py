"""A database that goes in the middle of something says so in a line, without a traceback."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import create_engine, func, select, text

from app.errors import StorageProblem
from app.records.database import open_database
from app.redaction import SecretlessFormatter


@pytest.mark.postgres
def test_a_server_that_goes_while_rows_are_read_leaves_lines_not_tracebacks(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine, admin = open_database(postgres_url), create_engine(postgres_url)
    reading = engine.connect()
    series = func.generate_series(1, 1000).column_valued("one")
    query = select(func.pg_backend_pid(), series)
    rows = reading.execution_options(yield_per=10).execute(query)
    process = next(rows)[0]
    with admin.connect() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend({process}, 5000)"))
    rows.close()
    with pytest.raises(StorageProblem, match="The database server does not answer"):
        reading.close()
    engine.dispose()
    admin.dispose()
    [closing] = [one for one in caplog.records if one.name.startswith("sqlalchemy.pool")]
    shown = SecretlessFormatter().format(closing)
    assert shown.startswith("Error closing cursor: The database server does not answer: ")
    assert "\n" not in shown


def test_an_error_of_another_kind_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    engine = open_database("sqlite://")
    assert isinstance(engine.pool.logger, logging.Logger)
    try:
        raise ValueError("a fault of ours")
    except ValueError:
        engine.pool.logger.exception("Error closing cursor")
    engine.dispose()
    [kept] = caplog.records
    assert kept.exc_info is not None
    assert kept.message == "Error closing cursor"
