"""Markdown, plain text, reStructuredText, CSV, e-mail and notebooks: what a reader sees."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.domain import BlockKind
from tests.ingest.parsers import files
from tests.ingest.parsers.files import outline, texts, values


def test_front_matter_gives_title_owner_and_dates() -> None:
    document = files.read(
        b"---\ntitle: Travel policy\nowner: Marta Oliveira\nupdated: 2026-03-01\n"
        b"review_by: 2027-01-31\nsuperseded_by: travel-2027.md\n---\n\nBook early.\n",
        "t.md",
    )
    assert document.title == "Travel policy"
    assert document.owner == "Marta Oliveira"
    assert document.modified_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert document.review_by == date(2027, 1, 31)
    assert document.superseded_by == "travel-2027.md"
    assert document.text == "Book early."


def test_broken_front_matter_is_left_out_with_a_warning() -> None:
    document = files.read(b"---\ntitle: [unclosed\n---\n\nText.\n", "t.md")
    assert document.text == "Text."
    assert document.warnings == ("The front matter is not valid YAML and was left out.",)


def test_markdown_reads_as_a_reader_sees_it() -> None:
    document = files.read(
        b"Use the **red** [form](https://x.example/f), `F-7` &amp; ![the map](m.png) ~~now~~.\n"
        b"It wraps.  \nNew line.",
        "a.md",
    )
    assert document.text == "Use the red form, F-7 & the map now. It wraps.\nNew line."


def test_markdown_structure_becomes_blocks() -> None:
    document = files.read(
        b"# Guide\n\nIntro.\n\n## Steps\n\n3. Open\n   - gently\n4. Close\n\n   Then lock.\n\n"
        b"> Mind the step.\n\n```sh\nmake  all\n```\n\n<!-- note -->\n\n<div>Inside</div>\n",
        "a.md",
    )
    assert outline(document) == [(1, "Guide"), (2, "Steps")]
    assert [
        (b.level, document.text[: b.end].rpartition("\n")[2])
        for b in document.blocks
        if b.kind is BlockKind.ITEM
    ] == [(1, "3. Open"), (2, "gently"), (1, "4. Close")]
    assert texts(document, BlockKind.QUOTE) == ["Mind the step."]
    assert texts(document, BlockKind.CODE) == ["make  all"]
    assert texts(document, BlockKind.PARAGRAPH) == ["Intro.", "Then lock.", "Inside"]


def test_a_numbers_marker_stands_before_its_item_not_in_it() -> None:
    document = files.read(b"1. Open\n2. Close\n", "a.md")
    assert document.text == "1. Open\n2. Close"
    assert texts(document) == ["Open", "Close"]


def test_each_row_names_its_columns_and_leaves_out_empty_cells() -> None:
    document = files.read(
        b"| Plan | Limit | Note |\n|---|---|---|\n| River | **120** | |\n| Delta | 300 | new |\n",
        "a.md",
    )
    assert texts(document) == ["Plan: River | Limit: 120", "Plan: Delta | Limit: 300 | Note: new"]
    assert values(document)[1] == {"Plan": "Delta", "Limit": "300", "Note": "new"}
    assert {block.table for block in document.blocks} == {1}


def test_a_table_without_a_head_has_no_column_names() -> None:
    document = files.read(b"| | |\n|---|---|\n| a | b |\n", "a.md")
    assert texts(document) == ["a | b"]


def test_the_first_heading_is_the_title_and_stands_in_the_text_once() -> None:
    document = files.read(b"# Parental leave\n\nTwenty weeks.\n", "leave.md")
    assert document.title == "Parental leave"
    assert document.text.count("Parental leave") == 1


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("travel-policy_2026.md", "Travel policy 2026"),
        ("notes-2026-03-14.txt", "Notes 2026-03-14"),
        ("README.md", "README"),
        ("Q3 report (final).txt", "Q3 report (final)"),
    ],
)
def test_without_a_heading_the_file_name_is_made_readable(name: str, title: str) -> None:
    assert files.read(b"only words, of no great length.\n", name).title == title


def test_plain_text_is_unwrapped_and_structured() -> None:
    document = files.read(
        b"DESK RULES\n\nThis paragraph was wrapped by an editor at some\n"
        b"width and reads as one.\n\nTools\n-----\n\n 9. Open the hatch with the\n    key.\n"
        b"10. Close it.\n\n> said before\n\nTide   07:10   1.2 m\nTide   13:20   3.4 m\n",
        "desk.txt",
    )
    assert document.title == "DESK RULES"
    assert outline(document) == [(1, "DESK RULES"), (2, "Tools")]
    assert "at some width and reads as one." in document.text
    assert texts(document, BlockKind.ITEM) == ["Open the hatch with the key.", "Close it."]
    assert {b.level for b in document.blocks if b.kind is BlockKind.ITEM} == {1}
    assert texts(document, BlockKind.QUOTE) == ["said before"]
    assert texts(document, BlockKind.CODE) == ["Tide   07:10   1.2 m\nTide   13:20   3.4 m"]


def test_restructuredtext_is_read_with_fields_tables_and_roles() -> None:
    document = files.read(
        b"Keys\n====\n\n:Owner: Sanne de Wit\n:Updated: 2026-05-04\n\n"
        b"See :ref:`the list <list>`.\n\nLost\n----\n\n"
        b"#. Tell `security <mailto:s@x.example>`_.\n\n.. note:: Day and night.\n\n"
        b"=====  =====\nRoom   Keys\n=====  =====\nLab    3\n=====  =====\n\n"
        b"::\n\n    lock --all\n",
        "keys.rst",
    )
    assert document.title == "Keys"
    assert document.owner == "Sanne de Wit"
    assert document.modified_at == datetime(2026, 5, 4, tzinfo=UTC)
    assert outline(document) == [(1, "Keys"), (2, "Lost")]
    assert "See the list." in document.text
    assert "Tell security." in document.text
    assert "Day and night." in document.text
    assert values(document) == [{"Room": "Lab", "Keys": "3"}]
    assert texts(document, BlockKind.CODE) == ["lock --all"]


def test_restructuredtext_reads_no_other_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    secret = tmp_path / "secret.txt"
    secret.write_text("the password")
    source = f"Words.\n\n.. include:: {secret}\n\n.. raw:: html\n   :file: {secret}\n\n"
    source += f".. csv-table::\n   :file: {secret}\n"
    assert "password" not in files.read(source.encode(), "a.rst").text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_finds_its_delimiter_and_header(delimiter: str) -> None:
    rows = (("site", "depth_m", "note"), ("Douro", "4.2", '"a, b; c"'), ("Maas", "7", ""))
    data = "\r\n".join(delimiter.join(row) for row in rows).encode("utf-8-sig")
    document = files.read(data, "sites.csv")
    assert values(document) == [
        {"site": "Douro", "depth m": "4.2", "note": "a, b; c"},
        {"site": "Maas", "depth m": "7"},
    ]


def test_csv_without_a_header_invents_none() -> None:
    document = files.read(b"2026-01-01,12\n2026-01-02,13\n", "a.csv")
    assert texts(document) == ["2026-01-01 | 12", "2026-01-02 | 13"]


def test_a_title_line_above_a_csv_table_is_a_paragraph() -> None:
    document = files.read(b"Stock at year end,,\nitem,count,place\nbuoy,4,Porto\n", "a.csv")
    assert texts(document) == ["Stock at year end", "item: buoy | count: 4 | place: Porto"]


def test_an_unclosed_quotation_mark_does_not_swallow_a_csv_file() -> None:
    lines = ['size,part\n5",pipe\n'] + [f"{n},part {n}\n" for n in range(200)]
    assert len(files.read("".join(lines).encode(), "a.csv").blocks) == 201


def test_mail_gives_subject_people_body_and_quotes() -> None:
    document = files.read(files.eml(), "m.eml")
    assert document.title == "Re: Key for the lab"
    assert document.modified_at == datetime(2026, 3, 3, 9, 15, tzinfo=UTC)
    assert texts(document)[1].startswith("From: Inês Carvalho <ines@example.com>\nTo: Rui Matos")
    assert texts(document, BlockKind.QUOTE) == ["Where is the key\nof the lab?"]
    assert document.text.count("the key is with reception") == 1
    assert document.warnings == ("1 attachment was not read: plan.dwg.",)


def test_mail_in_html_only_is_read_too() -> None:
    message = b"From: a@x.example\nSubject: Hi\nDate: Tue, 3 Mar 2026 10:15:00 +0100\n"
    message += b"Content-Type: text/html; charset=iso-8859-1\n\n<p>Caf\xe9 <b>open</b></p>"
    assert "Café open" in files.read(message, "m.eml").text


def test_a_notebook_gives_words_code_and_outputs() -> None:
    document = files.read(files.ipynb(), "drift.ipynb")
    assert document.title == "Drift"
    assert "One in ten sensors drifts." in document.text
    assert texts(document, BlockKind.CODE) == ["print(total)", "412 readings"]
    assert values(document) == [{"site": "Douro", "n": "7"}]
    assert "Figure" not in document.text


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_western_text_is_read_in_any_usual_encoding(encoding: str) -> None:
    text = "Die Prüfung kostet 40 €, sagte François – »sofort«.\nNächste Woche größer.\n" * 3
    document = files.read(text.encode(encoding), "a.txt")
    assert "40 €, sagte François – »sofort«" in document.text
    assert document.warnings == ()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("shift_jis", "水質センサーの校正は毎月一度行います。結果は記録してください。" * 6),
        ("cp1251", "Калибровка датчиков проводится каждый месяц в лаборатории. " * 6),
        ("gb18030", "每个月必须校准一次水质传感器，并记录结果。" * 8),
    ],
)
def test_other_scripts_are_read_in_their_old_encodings(encoding: str, text: str) -> None:
    assert text[:20] in files.read(text.encode(encoding), "a.txt").text


def test_mixed_encodings_are_read_line_by_line_with_a_warning() -> None:
    data = "Straße\n\n".encode() + "Müller\n".encode("cp1252")
    document = files.read(data, "a.txt")
    assert texts(document) == ["Straße", "Müller"]
    assert "mixes encodings" in document.warnings[0]
