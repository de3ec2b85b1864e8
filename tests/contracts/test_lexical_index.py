"""What the lexical index promises: BM25 over stems, durable at commit, seen by other processes."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from app.domain import Filters
from app.errors import IndexUnavailable
from app.knowledge.lexical_index import TantivyIndex
from app.knowledge.ports import LexicalIndex
from app.knowledge.terms import stems
from tests.contracts.conftest import Elsewhere
from tests.contracts.elsewhere import day, entry, write_words

EVERYTHING = Filters()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lexical"


@pytest.fixture
def index(folder: Path) -> Iterator[LexicalIndex]:
    opened = TantivyIndex(folder)
    yield opened
    opened.close()


def store(index: LexicalIndex, **texts: str) -> None:
    """One passage for each argument, committed."""
    index.add([entry(key, text) for key, text in texts.items()])
    index.commit()


def found(
    index: LexicalIndex,
    question: str,
    filters: Filters = EVERYTHING,
    collections: tuple[str, ...] = ("default",),
    k: int = 20,
) -> list[str]:
    """Passage ids for a question, in order."""
    return [key for key, _ in index.search(question, k, filters, collections)]


def test_a_new_index_is_empty_and_finds_nothing(index: LexicalIndex) -> None:
    assert (index.count(), index.ids()) == (0, set())
    assert found(index, "anything") == []
    assert index.document_frequency(["anyth"]) == 0


def test_a_word_finds_its_other_forms(index: LexicalIndex) -> None:
    store(index, run="Dogs were running.", cat="A cat sleeps.")
    for question in ("run", "runs", "RUNNING", "Does it run?", "dog"):
        assert found(index, question) == ["run"]


def test_rare_words_and_short_passages_come_first(index: LexicalIndex) -> None:
    store(
        index,
        both="Invoice and harbor.",
        rare="The harbor is closed.",
        common="The invoice is paid.",
        common_again="Another invoice was paid.",
        long="The invoice " + "was filed in a drawer of the office on the third floor " * 5,
        other="Nothing to see.",
    )
    assert found(index, "harbor invoice")[:2] == ["both", "rare"]
    assert found(index, "invoice")[-1] == "long"
    assert "other" not in found(index, "harbor invoice")


def test_a_score_is_bm25_and_does_not_depend_on_the_filters(index: LexicalIndex) -> None:
    index.add(
        [entry("a", "harbor water", kind="md"), entry("b", "harbor harbor sand", kind="pdf")]
        + [entry(f"n{i}", "sand and stones") for i in range(8)]
    )
    index.commit()
    plain = dict(index.search("harbor", 5, EVERYTHING, ["default"]))
    narrowed = dict(index.search("harbor", 5, Filters(kinds=("md",)), ["default"]))
    assert narrowed == {"a": pytest.approx(plain["a"])}
    assert plain["b"] > plain["a"] > 0
    # idf = ln(1 + (N − n + 0.5) / (n + 0.5)) with N = 10, n = 2, times a factor below 2.2
    assert 1.4 < plain["b"] < 2.2 * 1.49


def test_words_count_in_text_more_than_in_heading_and_title(index: LexicalIndex) -> None:
    index.add(
        [
            entry("title", "x y z", title="harbor"),
            entry("text", "harbor y z"),
            entry("heading", "x y z", heading="harbor"),
            entry("none", "x y z"),
        ]
    )
    index.commit()
    assert found(index, "harbor") == ["text", "heading", "title"]


def test_adding_an_id_again_replaces_it(index: LexicalIndex) -> None:
    store(index, a="harbor")
    store(index, a="mountain")
    assert index.count() == 1
    assert (found(index, "harbor"), found(index, "mountain")) == ([], ["a"])
    index.add([entry("a", "river"), entry("a", "lake")])
    index.commit()
    assert index.count() == 1
    assert found(index, "lake") == ["a"]


def test_what_is_deleted_is_no_longer_found_and_unknown_ids_do_no_harm(index: LexicalIndex) -> None:
    store(index, a="harbor", b="harbor")
    index.delete(["a", "never-there"])
    index.commit()
    assert (found(index, "harbor"), index.ids(), index.count()) == (["b"], {"b"}, 1)


def test_nothing_is_visible_before_the_commit(index: LexicalIndex) -> None:
    store(index, a="harbor")
    index.add([entry("b", "harbor")])
    index.delete(["a"])
    assert found(index, "harbor") == ["a"]
    index.commit()
    index.commit()  # a second one without changes is fine
    assert found(index, "harbor") == ["b"]


FILTERED = {
    Filters(): {"old", "new", "undated", "archive"},
    Filters(kinds=("pdf",)): {"new"},
    Filters(kinds=("pdf", "txt")): {"new", "undated"},
    Filters(document_ids=("d-old",)): {"old"},
    Filters(document_ids=("d-old", "d-new"), kinds=("pdf",)): {"new"},
    Filters(document_ids=("d-none",)): set(),
    Filters(changed_after=date(2025, 3, 1)): {"new"},
    Filters(changed_after=date(2024, 5, 2)): {"old", "new"},
    Filters(changed_before=date(2024, 5, 2)): {"old", "archive"},
    Filters(changed_before=date(2024, 5, 1)): {"archive"},
    Filters(changed_after=date(2024, 5, 2), changed_before=date(2024, 5, 2)): {"old"},
    Filters(changed_after=date(1960, 1, 1)): {"old", "new", "archive"},
    Filters(changed_after=date.min): {"old", "new", "archive"},
    Filters(changed_before=date.max): {"old", "new", "archive"},
}


def test_filters_narrow_and_an_unknown_date_passes_no_date_filter(index: LexicalIndex) -> None:
    index.add(
        [
            entry("old", "harbor", document_id="d-old", modified_at=day("2024-05-02")),
            entry("new", "harbor", document_id="d-new", modified_at=day("2026-01-31"), kind="pdf"),
            entry("undated", "harbor", document_id="d-undated", kind="txt"),
            entry("archive", "harbor", document_id="d-archive", modified_at=day("1965-07-01")),
        ]
    )
    index.commit()
    assert {filters: set(found(index, "harbor", filters)) for filters in FILTERED} == FILTERED


def test_a_search_looks_only_into_the_collections_it_names(index: LexicalIndex) -> None:
    names = ["alpha", "beta", "Sales & Ops / EU", "日本語"]
    index.add([entry(f"p{i}", "harbor", collection=name) for i, name in enumerate(names)])
    index.commit()
    for i, name in enumerate(names):
        assert found(index, "harbor", collections=(name,)) == [f"p{i}"]
    assert set(found(index, "harbor", collections=("alpha", "日本語", "none"))) == {"p0", "p3"}
    assert found(index, "harbor", collections=("ALPHA",)) == []
    assert found(index, "harbor", collections=()) == []


def test_no_more_than_k_come_back(index: LexicalIndex) -> None:
    store(index, **{f"p{i}": "harbor " + "sand " * i for i in range(9)})
    assert found(index, "harbor", k=3) == ["p0", "p1", "p2"]


@pytest.mark.parametrize(
    "question",
    [
        "harbor AND NOT harbor",
        "body:mountain harbor",
        '"harbor',
        "harbor) OR (",
        "harbor^9999999999999",
        "+harbor -mountain",
        "harbor* ha?bor [a TO z] /regex/ {!x}",
        "\\ harbor ~ 100% $ # @ & | < > ' ; --",
        "harbor 🌊 \u202e \u0000",
    ],
)
def test_query_syntax_in_a_question_is_just_text(index: LexicalIndex, question: str) -> None:
    store(index, a="harbor", b="mountain river")
    assert found(index, question)[0] == "a"


@pytest.mark.parametrize("question", ["", "   ", "?!", "🌊🌊", "\u0000", "+-*/()"])
def test_a_question_without_words_finds_nothing(index: LexicalIndex, question: str) -> None:
    store(index, a="harbor")
    assert found(index, question) == []


def test_stop_words_count_only_when_there_is_nothing_else(index: LexicalIndex) -> None:
    store(index, a="to be or not to be", b="the harbor of the town")
    assert found(index, "where is the harbor of it") == ["b"]
    assert found(index, "to be or not to be") == ["a"]


def test_document_frequency_counts_passages_by_stems_wherever_they_stand(
    index: LexicalIndex,
) -> None:
    index.add(
        [
            entry("a", "Invoices were paid."),
            entry("b", "nothing", title="The invoice"),
            entry("c", "nothing", heading="Invoicing › Paying"),
            entry("d", "harbor"),
        ]
    )
    index.commit()
    assert index.document_frequency(stems("invoices")) == 3
    assert index.document_frequency(stems("invoice paid")) == 1
    assert index.document_frequency(stems("mountain")) == 0
    assert index.document_frequency([]) == 0


def test_the_passages_of_one_document_that_hold_all_stems_are_counted(index: LexicalIndex) -> None:
    index.add(
        [
            entry("a", "harbor water", document_id="one"),
            entry("b", "harbor sand", document_id="one"),
            entry("c", "harbor water", document_id="two"),
        ]
    )
    index.commit()
    assert index.passages_with(stems("harbors"), "one") == 2
    assert index.passages_with(stems("harbor water"), "one") == 1
    assert index.passages_with(stems("harbor"), "three") == 0


def test_what_was_committed_survives_closing(index: LexicalIndex, folder: Path) -> None:
    store(index, a="harbor")
    index.add([entry("lost", "harbor")])
    index.close()
    assert found(TantivyIndex(folder), "harbor") == ["a"]


def test_clearing_forgets_everything_and_leaves_an_index_that_works(index: LexicalIndex) -> None:
    store(index, a="harbor")
    index.add([entry("uncommitted", "harbor")])
    index.clear()
    assert (index.count(), found(index, "harbor")) == (0, [])
    store(index, b="harbor")
    assert found(index, "harbor") == ["b"]


def test_after_a_refresh_another_process_s_writes_are_seen(
    index: LexicalIndex, folder: Path, elsewhere: Elsewhere
) -> None:
    store(index, mine="harbor", doomed="harbor")
    elsewhere(write_words, folder, [entry("theirs", "harbor")], ["doomed"])
    index.refresh()
    assert set(found(index, "harbor")) == {"mine", "theirs"}
    store(index, later="harbor")
    assert index.ids() == {"mine", "theirs", "later"}


def test_after_a_refresh_another_process_s_rebuild_is_seen(
    index: LexicalIndex, folder: Path, elsewhere: Elsewhere
) -> None:
    store(index, before="harbor")
    assert found(index, "harbor") == ["before"]
    elsewhere(write_words, folder, [entry("after", "harbor")], clear=True)
    index.refresh()
    assert found(index, "harbor") == ["after"]
    store(index, mine="harbor")
    assert index.ids() == {"after", "mine"}


def test_while_one_process_writes_a_second_writer_is_refused_in_a_sentence(
    index: LexicalIndex, folder: Path
) -> None:
    index.add([entry("a", "harbor")])
    second = TantivyIndex(folder)
    with pytest.raises(IndexUnavailable, match="can't be written"):
        second.add([entry("b", "harbor")])
    index.commit()
    store(second, b="harbor")
    assert second.ids() == {"a", "b"}


def test_questions_are_answered_while_others_write_and_refresh(index: LexicalIndex) -> None:
    store(index, base="harbor " * 5)
    done = threading.Event()

    def ask() -> int:
        asked = 0
        while not done.is_set() or not asked:
            assert "base" in found(index, "harbor", k=100)
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        try:
            for i in range(8):
                store(index, **{f"p{i}": "harbor water"})
                index.refresh()
        finally:
            done.set()
        assert all(one.result() > 0 for one in asking)
    assert index.count() == 9


def test_damaged_files_are_said_in_a_sentence_and_clearing_cures_them(
    index: LexicalIndex, folder: Path, tmp_path: Path
) -> None:
    store(index, a="harbor")
    index.close()
    whole = {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}
    whole -= {"footnote-format"}
    assert len(whole) > 5
    for name in sorted(whole):
        copy = tmp_path / f"copy-of-{name}"
        shutil.copytree(folder, copy)
        (copy / name).write_bytes((copy / name).read_bytes()[:10] + b"garbage")
        damaged = TantivyIndex(copy)
        for use in (lambda index: found(index, "harbor"), TantivyIndex.count, TantivyIndex.ids):
            with pytest.raises(IndexUnavailable, match=r"lexical index.*footnote reindex"):
                use(damaged)
        damaged.clear()
        store(damaged, b="harbor")
        assert found(damaged, "harbor") == ["b"]


def test_a_missing_segment_file_is_said_in_a_sentence(
    index: LexicalIndex, folder: Path, tmp_path: Path
) -> None:
    store(index, a="harbor")
    index.close()
    parts = [path.name for path in folder.iterdir() if path.suffix not in (".lock", ".json", "")]
    assert parts
    for name in parts:
        copy = tmp_path / f"without-{name}"
        shutil.copytree(folder, copy)
        (copy / name).unlink()
        with pytest.raises(IndexUnavailable, match="footnote reindex"):
            found(TantivyIndex(copy), "harbor")


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexUnavailable, match="can't be opened"):
        TantivyIndex(tmp_path / "file" / "lexical").count()


@pytest.mark.parametrize("marker", ["0", None])
def test_an_index_of_another_format_is_begun_anew(
    index: LexicalIndex, folder: Path, marker: str | None
) -> None:
    store(index, a="harbor")
    index.close()
    path = folder / "footnote-format"
    assert path.read_text()
    path.write_text(marker) if marker else path.unlink()
    again = TantivyIndex(folder)
    assert again.count() == 0  # reconciling with SQL fills it
    store(again, b="harbor")
    assert found(TantivyIndex(folder), "harbor") == ["b"]


def test_a_commit_that_a_kill_cut_short_does_not_stop_the_next_one(
    index: LexicalIndex, folder: Path
) -> None:
    """The files of the commit are there, only the one that names them all is of before."""
    store(index, a="harbor", b="harbor", c="harbor")
    index.close()
    before = (folder / "meta.json").read_bytes()
    for _ in range(2):
        again = TantivyIndex(folder)
        again.delete(["a"])
        again.add([entry("d", "harbor")])
        again.commit()
        assert again.ids() == {"b", "c", "d"}
        again.close()
        (folder / "meta.json").write_bytes(before)
    last = TantivyIndex(folder)
    assert last.ids() == {"a", "b", "c"}
    last.delete(["b"])
    last.commit()
    assert last.ids() == {"a", "c"}


def test_terms_are_the_stems_of_the_texts_with_how_many_passages_hold_them(
    index: LexicalIndex,
) -> None:
    store(index, one="The battery lasts.", two="Batteries and bats.", three="An anchor.")
    assert index.terms("bat") == {"batteri": 2, "bat": 1}
    assert index.terms("anch") == {"anchor": 1}
    assert index.terms("zz") == {}


def test_passages_that_hold_all_stems_are_named(index: LexicalIndex) -> None:
    store(index, one="The battery lasts.", two="Batteries and bats.", three="An anchor.")
    assert set(index.holding(["batteri"], 9)) == {"one", "two"}
    assert index.holding(["batteri", "bat"], 9) == ["two"]
    assert len(index.holding(["batteri"], 1)) == 1
    assert index.holding(["nothing"], 9) == []
    assert index.holding([], 9) == []


def test_opening_an_index_changes_nothing_in_it(folder: Path, index: LexicalIndex) -> None:
    store(index, a="The ferry leaves at nine.")
    before = {file.name: file.stat().st_ino for file in folder.iterdir()}
    marked = (folder / "footnote-format").stat().st_mtime_ns
    again = TantivyIndex(folder)
    assert again.ids() == {"a"}
    again.close()
    after = {file.name: file.stat().st_ino for file in folder.iterdir()}
    assert after == before
    assert (folder / "footnote-format").stat().st_mtime_ns == marked, "a kill here lost the index"


def test_many_who_open_an_index_at_a_time_all_find_it_whole(
    folder: Path, index: LexicalIndex
) -> None:
    store(index, a="The ferry leaves at nine.", b="The pier is closed.")

    def opened(_number: int) -> int:
        other = TantivyIndex(folder)
        try:
            return other.count()
        finally:
            other.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(opened, range(400))) == {2}


def test_an_index_emptied_halfway_is_begun_anew_and_not_taken_for_whole(
    folder: Path, index: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(index, a="The ferry leaves at nine.")
    unlink = Path.unlink
    gone: list[Path] = []

    def killed_at_the_second(path: Path, missing_ok: bool = False) -> None:
        if gone:
            raise KeyboardInterrupt
        unlink(path, missing_ok)
        gone.append(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            index.clear()
    again = TantivyIndex(folder)
    assert again.count() == 0
    store(again, b="The pier is closed.")
    assert again.ids() == {"b"}
    again.close()


def test_an_index_of_an_old_format_that_another_began_anew_meanwhile_is_kept(
    folder: Path, index: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two find the old format; one begins anew and writes before the other goes on."""
    store(index, a="The ferry leaves at nine.")
    (folder / "footnote-format").write_text("0")
    first, second, look = TantivyIndex(folder), TantivyIndex(folder), TantivyIndex._stale_format
    looked: list[bool] = []

    def slow(self: TantivyIndex) -> bool:
        stale = look(self)
        if self is second and not looked:
            looked.append(stale)
            store(first, b="The pier is closed.")
        return stale

    monkeypatch.setattr(TantivyIndex, "_stale_format", slow)
    assert second.ids() == {"b"}
    assert looked == [True]
    first.close()
    second.close()
