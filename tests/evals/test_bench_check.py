"""`footnote bench check`, `start` and the pictures of benchmarks."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.errors import BadRequest, NotFound
from evals.bench import checks, processes, suites
from evals.bench.cli import app
from evals.bench.corpus import prepare
from evals.bench.picture import peers_svg, scale_svg
from evals.bench.start import start

RATIOS = {
    "ingest": {"footnote ÷ quickstart, tokens/s": 2.0, "footnote ÷ own encoder, tokens/s": 0.9},
    "ask": {"ask ÷ quickstart, p50": 4.0, "search ÷ quickstart, p50": 1.0},
}


def measured(**worse: float) -> dict[str, Any]:
    """Results with those ratios, some of them multiplied."""
    ratios = copy.deepcopy(RATIOS)
    for suite in ratios.values():
        for name in suite:
            suite[name] *= worse.get(name.partition(",")[0].replace(" ÷ ", "_").replace(" ", ""), 1)
    return {
        "corpus": {"name": "sample"},
        "machine": {"bfloat16": ["avx512_bf16"]},
        **{suite: {"ratios": found} for suite, found in ratios.items()},
    }


def states(now: dict[str, Any], tolerance: float = 1.4) -> list[str]:
    return [one.state for one in checks.verdicts(measured(), now, tolerance)]


def test_what_is_as_it_was_or_a_little_worse_is_kept() -> None:
    assert states(measured()) == ["kept"] * 4
    assert states(measured(footnote_quickstart=0.75, ask_quickstart=1.35)) == ["kept"] * 4
    assert states(measured(footnote_quickstart=9.0, ask_quickstart=0.1)) == ["kept"] * 4


def test_a_ratio_beyond_the_tolerance_is_worse_whichever_way_it_counts() -> None:
    assert states(measured(footnote_quickstart=0.7)) == ["worse", "kept", "kept", "kept"]
    assert states(measured(footnote_ownencoder=0.5)) == ["kept", "worse", "kept", "kept"]
    assert states(measured(ask_quickstart=1.5)) == ["kept", "kept", "worse", "kept"]
    assert states(measured(search_quickstart=1.5)) == ["kept", "kept", "kept", "worse"]
    assert states(measured(ask_quickstart=1.5), tolerance=2.0) == ["kept"] * 4


def test_other_arithmetic_is_not_held_against_a_machine() -> None:
    plain = measured(footnote_quickstart=0.5, footnote_ownencoder=0.5)
    plain["machine"]["bfloat16"] = []
    assert states(plain) == ["unknown", "worse", "unknown", "unknown"]


def test_figures_of_another_corpus_or_without_a_ratio_are_refused() -> None:
    other = measured()
    other["corpus"]["name"] = "handbook"
    with pytest.raises(BadRequest, match="are of sample, these of handbook"):
        checks.verdicts(measured(), other, 1.4)
    old = measured()
    del old["ask"]["ratios"]["search ÷ quickstart, p50"]
    with pytest.raises(BadRequest, match="have no “search ÷ quickstart, p50”"):
        checks.verdicts(old, measured(), 1.4)


def test_without_committed_figures_the_command_says_how_they_are_made(tmp_path: Path) -> None:
    console = Console(file=(tmp_path / "out.txt").open("w"))
    with pytest.raises(NotFound, match=r"bench check --update"):
        checks.check(None, 1, 5, 1.4, tmp_path / "none.json", console, update=False)


def test_the_committed_figures_compare_with_what_is_measured_now() -> None:
    committed = json.loads(checks.COMMITTED.read_text(encoding="utf-8"))
    assert [one.state for one in checks.verdicts(committed, committed, 1.0)] == ["kept"] * 4
    assert committed["corpus"]["name"] == "sample"


@pytest.mark.slow
@pytest.mark.timeout(1200)  # processes that each load a model
@pytest.mark.xdist_group("bench")
def test_the_command_measures_and_its_exit_code_tells(
    handbook: Path,
    benched: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against figures of which one cannot be reached, and the others cannot be missed.

    What was measured once for all tests is handed out here; CI runs the command itself besides.
    """
    asked: list[tuple[Any, ...]] = []

    def handed_out(*given: Any) -> dict[str, Any]:
        asked.append(given)
        return benched

    monkeypatch.setattr(suites, "run", handed_out)
    committed = tmp_path / "check.json"
    figures = measured()
    figures["corpus"]["name"] = handbook.name
    figures["machine"] = suites.machine()
    figures["ingest"]["ratios"] = {
        "footnote ÷ quickstart, tokens/s": 1e6,
        "footnote ÷ own encoder, tokens/s": 1e-6,
    }
    figures["ask"]["ratios"] = dict.fromkeys(figures["ask"]["ratios"], 1e6)
    committed.write_text(json.dumps(figures))
    arguments = ["check", "--corpus", str(handbook), "--questions", "3"]
    done = CliRunner().invoke(app, [*arguments, "--against", str(committed)])
    assert done.exit_code == 1, done.output
    assert re.findall(r"[✓✗]", done.output) == ["✗", "✓", "✓", "✓"]
    [(names, corpus, _rounds, questions, *_rest, contenders)] = asked
    assert (names, corpus, questions) == (checks.SUITES, handbook, 3)
    assert set(contenders) <= set(benched["ingest"]["contenders"])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_start_is_timed_to_a_page_and_to_an_answer(handbook: Path, tmp_path: Path) -> None:
    corpus = prepare(handbook, tmp_path, 1)
    seconds = suites.started(corpus, tmp_path, 1)["seconds"]
    assert 0 < seconds["first_page"] <= seconds["own_page"] <= seconds["first_answer"]


def test_a_server_that_ends_at_its_start_is_said(tmp_path: Path) -> None:
    taken = tmp_path / "data"
    taken.write_text("a file where the data directory should be")
    with pytest.raises(processes.ContenderFailed, match="ended"):
        start(taken, tmp_path, "Why?", 1)


def test_pictures_show_every_contender_and_every_size_also_in_words() -> None:
    peers = peers_svg(
        {
            "ingest": {
                "Footnote": {"tokens_per_s": 9000.0},
                "A & B": {"tokens_per_s": 4500.0},
            },
            "ms": {"Footnote, answer": {"p50": 20.0}, "A & B": {"p50": 40.0}},
        }
    )
    root = ET.fromstring(peers)
    widths = [float(one.attrib["width"]) for one in root.iter() if one.attrib.get("height") == "20"]
    assert widths == [320.0, 160.0, 160.0, 320.0]
    assert "A &amp; B: 4,500 tokens a second" in peers
    scale = scale_svg(
        [
            {"filled": {"passages": n}, "ms": {"ask": {"p50": ask}, "retrieval": {"p50": bare}}}
            for n, ask, bare in ((1000, 20.0, 10.0), (10_000, 40.0, 15.0))
        ]
    )
    assert len([one for one in ET.fromstring(scale).iter() if one.tag.endswith("circle")]) == 4
    assert "10,000 passages: an answer 40 ms, bare retrieval 15 ms" in scale
