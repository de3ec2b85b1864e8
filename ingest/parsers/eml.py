"""E-mail messages by the standard library's email package."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import datetime
from email.message import EmailMessage, MIMEPart

from app.domain import ParsedDocument
from ingest.parsers.build import Facts, TextBuilder, as_utc
from ingest.parsers.decode import decode
from ingest.parsers.html import add_html
from ingest.parsers.limits import Limits
from ingest.parsers.txt import add_text

SHOWN = ("From", "To", "Cc", "Date")
MIN_PLAIN = 20
"""Characters below which a plain part is a stub ("see the HTML part")."""

MAX_NAMED = 5
"""Attachments named in the warning."""
_MALFORMED = (ValueError, IndexError, AttributeError, OverflowError)
"""What the library's reading of a malformed header ends in."""


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A message: its subject, who wrote it to whom and when, and what it says."""
    builder = TextBuilder(limits)
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.default)
    subject = _header(message, "Subject")
    builder.heading(subject, 1)
    lines = [f"{field}: {value}" for field in SHOWN if (value := _header(message, field))]
    builder.paragraph("\n".join(lines), keep_lines=True)
    before = len(builder.blocks)
    _add_body(builder, message)
    if len(builder.blocks) == before:
        builder.warn("The message has no text of its own.")
    if attached := [part.get_filename() or "unnamed" for part in message.iter_attachments()]:
        more = f" and {len(attached) - MAX_NAMED} more" if len(attached) > MAX_NAMED else ""
        count = "1 attachment was" if len(attached) == 1 else f"{len(attached)} attachments were"
        builder.warn(f"{count} not read: {', '.join(attached[:MAX_NAMED])}{more}.")
    return builder.document(
        name=name, kind="eml", title=subject, facts=Facts(modified_at=_date(message))
    )


def _header(message: EmailMessage, field: str) -> str:
    try:
        return str(message[field] or "").strip()
    except _MALFORMED:
        return ""


def _date(message: EmailMessage) -> datetime | None:
    try:
        return as_utc(message["Date"].datetime) if message["Date"] else None
    except _MALFORMED:
        return None


def _add_body(builder: TextBuilder, message: EmailMessage) -> None:
    plain = message.get_body(preferencelist=("plain",))
    html = message.get_body(preferencelist=("html",))
    text = _content(plain, builder) if plain is not None else ""
    if html is not None and len(text.strip()) < MIN_PLAIN:
        add_html(builder, _content(html, builder))
    else:
        _add_plain(builder, text)


def _content(part: MIMEPart, builder: TextBuilder) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return str(part.get_payload())
    return decode(payload, builder.warn, part.get_content_charset() or "")


def _add_plain(builder: TextBuilder, text: str) -> None:
    """Text and, apart from it, what it quotes of earlier messages."""
    run: list[str] = []
    quoted = False
    for line in [*text.replace("\r\n", "\n").split("\n"), None]:
        is_quote = line is not None and line.startswith(">")
        if line is None or (is_quote != quoted and (line.strip() or not quoted)):
            _add_run(builder, run, quoted)
            run, quoted = [], is_quote
        if line is not None:
            run.append(re.sub(r"^(>\s?)+", "", line) if is_quote else line)


def _add_run(builder: TextBuilder, lines: list[str], quoted: bool) -> None:
    text = "\n".join(lines)
    if not quoted:
        add_text(builder, text)
        return
    inner = TextBuilder(builder.limits)
    add_text(inner, text)
    if not inner.empty:
        for block in inner.blocks:
            builder.quote(inner.text_of(block), keep_lines=True)
