from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from app.errors import NotFound
from evals.bench.corpus import Corpus
from evals.bench.peers import suite
from evals.bench.turns import BLOCK, take_turns


def test_a_toolkit_that_is_not_installed_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "VENVS", tmp_path)

    with pytest.raises(NotFound, match=r"LlamaIndex is not installed.*make peers"):
        suite.peers(Corpus("none", tmp_path, 0, 0, ("why?",)), tmp_path, 1)


def test_every_peer_has_a_program_and_its_requirements() -> None:
    for peer in suite.PEERS:
        assert (Path(*peer.module.split("."))).with_suffix(".py").is_file()
        if peer.venv:
            assert Path("requirements", "peers", f"{peer.venv}.txt").is_file()


def test_contenders_answer_all_questions_and_take_turns_in_going_first() -> None:
    asked: list[tuple[str, int]] = []

    def contender(name: str, ms: float) -> Callable[[Sequence[str]], list[float]]:
        def answer(block: Sequence[str]) -> list[float]:
            asked.append((name, len(block)))
            return [ms] * len(block)

        return answer

    questions = [f"question {number}" for number in range(2 * BLOCK + 3)]
    taken = take_turns(questions, {"a": contender("a", 2.0), "b": contender("b", 4.0)}, turn=0)

    assert taken == {"a": {"p50": 2.0, "p95": 2.0}, "b": {"p50": 4.0, "p95": 4.0}}
    blocks = [name for name, _ in asked[2:]]  # the first two warm up
    assert blocks == ["a", "b", "b", "a", "a", "b"]
    assert sum(count for name, count in asked[2:] if name == "a") == len(questions)
