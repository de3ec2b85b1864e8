"""What the command line prints: progress, reports, answers. Nothing here decides anything."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import filesize
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from app.domain import Answer, Citation, Document, Hit
    from ingest.items import Problem
    from ingest.report import IngestReport

_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Controls that JSON leaves as they are: of the terminal, and of the direction of writing."""

_LINE_SECONDS = 3.0
"""Between two lines of progress where there is no terminal to draw a bar on."""

_SHOWN_PROBLEMS = 20
"""Problems listed in full; --json has all of them."""


def out() -> Console:
    """Standard output: wrapped between words on a terminal, whole lines in a pipe."""
    console = Console(highlight=False)
    console.soft_wrap = not console.is_terminal
    return console


def err() -> Console:
    """Standard error: progress and notices, so that output can be piped."""
    return Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """JSON, readable by people, in any locale; what a terminal would obey is escaped."""
    text = _OBEYED.sub(
        lambda found: json.dumps(found[0])[1:-1], json.dumps(value, ensure_ascii=False, indent=2)
    )
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """``text`` on one line, with control characters written out: names can hold anything."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def print_report(report: IngestReport) -> None:
    """What an ingest did, as a table, with reasons for what it could not read."""
    console = out()
    title = Text(printable(f"Would be done in “{report.collection}”")) if report.dry_run else None
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2), title=title)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    ingested = f"{report.passages:,} passages" if report.passages else ""
    rows = (
        ("Added", report.added, ingested if report.added else ""),
        ("Changed", report.changed, "" if report.added else ingested),
        ("Renamed", report.renamed, ""),
        ("Removed", report.removed, ""),
        ("Unchanged", report.unchanged, ""),
        ("Skipped", report.skipped.total(), _formats(report)),
        ("Failed", len(report.failed) + len(report.failed_targets), ""),
    )
    for name, count, remark in rows:
        if count or name in ("Added", "Changed", "Unchanged"):
            style = "red" if name == "Failed" else None
            table.add_row(name, Text(f"{count:,}", style=style or ""), Text(remark))
    console.print(table)
    if report.dry_run:
        for one in report.done:
            before = f" (was {one.before})" if one.before else ""
            console.print(Text(printable(f"  {one.change:9} {one.source}{before}")))
    _print_problems(console, "Could not be read", [*report.failed_targets, *report.failed], "red")
    _print_problems(console, "Read, with a remark", report.warnings, "yellow")
    console.print(Text(_last_line(report), style="dim"))


def print_short_report(report: IngestReport) -> None:
    """One line, for the demo."""
    counts = [f"{count:,} {change}" for change, count in report.counts.items() if count]
    text = f"Sample documents: {', '.join(counts) or 'none'}"
    if report.failed or report.failed_targets:
        text += f", {len(report.failed) + len(report.failed_targets):,} failed"
    err().print(Text(f"{text} ({report.seconds:,.1f} s)"))


def _formats(report: IngestReport) -> str:
    shown = report.skipped.most_common(6)
    more = f", {len(report.skipped) - 6} more" if len(report.skipped) > 6 else ""
    return ", ".join(f"{printable(name)} {count:,}" for name, count in shown) + more


def _print_problems(console: Console, title: str, problems: Sequence[Problem], style: str) -> None:
    if not problems:
        return
    console.print()
    console.print(Text(title, style=f"bold {style}"))
    for one in problems[:_SHOWN_PROBLEMS]:
        console.print(Text(f"  {printable(one.path)}"))
        console.print(Text(f"    {printable(f'{one.reason} {one.action}'.strip())}", style="dim"))
    if len(problems) > _SHOWN_PROBLEMS:
        rest = len(problems) - _SHOWN_PROBLEMS
        console.print(Text(f"  … and {rest:,} more; --json lists them all.", style="dim"))
    console.print()


def _last_line(report: IngestReport) -> str:
    if report.cancelled:
        text = "Interrupted; what is listed above is stored. Run it again to go on"
    elif report.dry_run:
        text = "Nothing was changed"
    elif report.failed_targets and not report.counts.total():
        text = "Nothing was ingested"
    else:
        text = f"{filesize.decimal(report.size)} ingested" if report.size else "Up to date"
    text += f" · {report.seconds:,.1f} s"
    if report.passages:
        text += f" · {report.passages_per_second:,.0f} passages/s"
    return text


def print_answer(answer: Answer) -> None:
    """What to know first, the answer, its footnotes, and what to ask next."""
    from app.api.wording import NOT_FOUND, rephrasing_lines, state_sentences  # noqa: PLC0415

    console = out()
    for told in state_sentences(answer):
        if told == NOT_FOUND:
            console.print(Text("The documents hold no answer to this.", style="bold"))
        else:
            console.print(Text(_line(told), style="yellow"))
    if answer.sentences:
        if answer.notice or answer.conflicts or answer.stale or answer.uncovered or answer.asked:
            console.print()
        body = Text()
        for sentence in answer.sentences:
            body.append("" if not body else "\n" if "\n" in sentence.text else " ")
            start = len(body)
            body.append(_harmless(sentence.text))
            for first, last in sentence.emphasis:
                body.stylize("bold", start + first, start + last)
            for number in sentence.citations:
                body.append(f" [{number}]", style="cyan")
        console.print(body)
        console.print()
        for citation in answer.citations:
            _print_footnote(console, citation)
    _print_list(console, "Try asking", rephrasing_lines(answer))
    if answer.closest and not answer.sentences:
        console.print(Text("\nClosest passages", style="bold"))
        print_results(answer.closest[:3])
    _print_list(console, "You could also ask", answer.followups)
    if answer.rephrasings or answer.followups or answer.closest:
        console.print()
    confidence = answer.confidence
    told_of = (confidence.measured, *confidence.reasons)
    line = " ".join((f"Confidence: {confidence.level.value}.", *filter(None, told_of)))
    searched = (
        f"Searched {answer.documents_searched:,} documents in "
        f"{answer.timings_ms.get('total', 0):,.0f} ms"
    )
    asking_on = f"Ask on with --conversation {answer.conversation_id}"
    console.print(Text(f"{line}\n{searched}\n{asking_on}", style="dim"))


def _print_list(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(Text(f"\n{title}", style="bold"))
        for line in lines:
            console.print(Text(f"  • {_line(line)}"))


def _line(text: str) -> str:
    """On one line, without control characters: it quotes documents."""
    return printable(" ".join(text.split()))


def _harmless(text: str) -> str:
    """As long as ``text``, with its lines, but nothing that a terminal would obey."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


def _print_footnote(console: Console, citation: Citation) -> None:
    parts = [citation.title, *citation.heading]
    place = " › ".join(parts)
    if citation.page is not None:
        place += f", {citation.page_kind or 'page'} {citation.page}"
    if citation.updated_at is not None:
        place += f" ({citation.updated_at.date().isoformat()})"
    console.print(Text.assemble((f"[{citation.number}] ", "cyan"), _line(place)))
    console.print(Text(f"    {printable(citation.source)}", style="dim"))


def print_results(hits: Sequence[Hit]) -> None:
    """Ranked passages."""
    console = out()
    if not hits:
        console.print(Text("No passage matches."))
    for number, hit in enumerate(hits, 1):
        place = " › ".join((hit.document.title, *hit.passage.heading))
        if hit.passage.page is not None:
            place += f", {hit.document.page_kind or 'page'} {hit.passage.page}"
        console.print(Text.assemble((f"{number}. ", "cyan"), (_line(place), "bold")))
        text = _line(hit.passage.text)
        shown = text if len(text) <= 280 else text[:280].rsplit(" ", 1)[0] + " …"
        width = max(console.width - 3, 20) if console.is_terminal else len(shown) or 1
        for line in textwrap.wrap(shown, width):
            console.print(Text(f"   {line}"))
        console.print(Text(f"   {printable(hit.document.source)}", style="dim"))


def print_documents(documents: Sequence[Document]) -> None:
    """One line per document, its reason below when it could not be read."""
    console = out()
    for document in documents:
        line = Text.assemble(
            (f"{document.id}  ", "dim"),
            (printable(document.title), "bold"),
            f"  {printable(document.collection)} · {document.kind or '?'} · "
            f"{document.passages:,} passages",
        )
        console.print(line)
        console.print(Text(f"    {printable(document.source)}", style="dim"))
        if document.error:
            console.print(Text(f"    {printable(document.error)}", style="red"))
    console.print(Text(f"{len(documents):,} documents", style="dim"))


def print_status(status: dict[str, Any]) -> None:
    """What `app.terminal.status.status_of` found."""
    console = out()
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    index = status["index"]
    built = (
        f"{index['model']}, {index['dimension']} dimensions"
        if index["model"]
        else "nothing ingested yet"
    )
    rows = (
        ("Data folder", status["data_dir"]),
        ("Database", status["database"]),
        ("Vectors", f"{status['vectors']} · {index['vectors']:,}"),
        ("Lexical index", f"{index['lexical']:,} passages"),
        ("Model", built),
        ("Index", index["message"]),
    )
    for name, value in rows:
        facts.add_row(name, Text(printable(value), style="" if name != "Index" else _tone(index)))
    console.print(facts)
    if status["collections"]:
        console.print()
        table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
        for name, side in (
            ("Collection", "left"),
            ("Documents", "right"),
            ("Passages", "right"),
            ("Failed", "right"),
            ("Last ingested", "left"),
        ):
            table.add_column(name, justify=side)  # type: ignore[arg-type]  # two of its words
        for one in status["collections"]:
            when = (one["last_ingested_at"] or "never")[:16].replace("T", " ")
            table.add_row(
                Text(printable(one["name"])),
                f"{one['documents']:,}",
                f"{one['passages']:,}",
                f"{one['failed']:,}",
                when,
            )
        console.print(table)
    if status["failures"]:
        console.print(Text("\nCould not be read", style="bold red"))
        for one in status["failures"][:_SHOWN_PROBLEMS]:
            console.print(Text(f"  {printable(one['source'])}"))
            console.print(Text(f"    {printable(one['error'])}", style="dim"))
        rest = status["failed"] - len(status["failures"][:_SHOWN_PROBLEMS])
        if rest > 0:
            console.print(Text(f"  … and {rest:,} more: footnote documents list --failed"))


def _tone(index: dict[str, Any]) -> str:
    return "green" if index["healthy"] else "red"
