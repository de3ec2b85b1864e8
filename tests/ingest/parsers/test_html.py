"""Web pages: the content, in order, without the page around it."""

from __future__ import annotations

from datetime import UTC, datetime

from app.domain import BlockKind
from tests.ingest.parsers import files
from tests.ingest.parsers.files import outline, texts, values


def page(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def test_chrome_is_dropped_and_content_kept() -> None:
    document = files.read(
        page(
            "<header>Site</header><nav><a>Home</a></nav><main><h1>Wi-Fi"
            '<a class="headerlink" href="#w">¶</a></h1><p>Use <b>TW-Guest</b>.</p>'
            "<form><p>Ask:</p><input value=x><button>Send</button></form>"
            "<script>track()</script></main><aside>Related</aside><footer>© 2026</footer>"
        ),
        "wifi.html",
    )
    assert document.title == "Wi-Fi"
    assert document.text == "Wi-Fi\n\nUse TW-Guest.\n\nAsk:"


def test_the_title_is_the_pages_own_without_the_sites_name() -> None:
    document = files.read(
        page("<h2>Lost keys</h2><p>Call us.</p>", "<title>Lost keys - Tidewell wiki</title>"),
        "k.html",
    )
    assert document.title == "Lost keys"
    assert document.text.count("Lost keys") == 1


def test_meta_tags_give_date_and_author() -> None:
    head = '<meta property="article:modified_time" content="2026-05-04T10:00:00+02:00">'
    head += '<meta name="author" content="Aoife Brennan">'
    document = files.read(page("<p>Words.</p>", head), "a.html")
    assert document.modified_at == datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert document.owner == "Aoife Brennan"


def test_lists_definitions_code_and_quotes_keep_their_role() -> None:
    document = files.read(
        page(
            "<ol start=3><li>Open<ul><li>gently</li></ul></li><li><p>Close</p><p>Lock it.</p></li>"
            "</ol><dl><dt>RMA</dt><dd>return of goods</dd><dt>FOC</dt><dd><p>field office</p>"
            "<p>In Porto.</p></dd></dl><pre>a  =  1\n  b</pre><blockquote><p>Wait.</p></blockquote>"
            "One<br>Two &eacute;"
        ),
        "a.html",
    )
    items = [b for b in document.blocks if b.kind is BlockKind.ITEM]
    assert [(b.level, document.text[b.start : b.end]) for b in items] == [
        (1, "Open"),
        (2, "gently"),
        (1, "Close"),
        (1, "RMA: return of goods"),
        (1, "FOC: field office"),
    ]
    assert "3. Open" in document.text
    assert "4. Close" in document.text
    assert texts(document, BlockKind.PARAGRAPH) == ["Lock it.", "In Porto.", "One\nTwo é"]
    assert texts(document, BlockKind.CODE) == ["a  =  1\n  b"]
    assert texts(document, BlockKind.QUOTE) == ["Wait."]


def test_spans_are_unrolled_and_two_header_rows_joined() -> None:
    document = files.read(
        page(
            "<table><caption>Rates</caption><thead><tr><th rowspan=2>Plan</th>"
            "<th colspan=2>Requests</th></tr><tr><th>2025</th><th>2026</th></tr></thead>"
            "<tr><td>River</td><td>60</td><td>120</td></tr>"
            "<tr><td rowspan=2>Delta</td><td>200</td><td>300</td></tr>"
            "<tr><td colspan=2>by contract</td></tr></table>"
        ),
        "a.html",
    )
    assert texts(document)[0] == "Rates"
    assert values(document) == [
        {"Plan": "River", "Requests 2025": "60", "Requests 2026": "120"},
        {"Plan": "Delta", "Requests 2025": "200", "Requests 2026": "300"},
        {"Plan": "Delta", "Requests 2025": "by contract"},
    ]


def test_labels_in_the_first_column_name_what_stands_beside_them() -> None:
    document = files.read(
        page("<table><tr><th>Owner</th><td>Noor</td></tr><tr><th>Tier</th><td>1</td></tr></table>"),
        "a.html",
    )
    assert values(document) == [{"Owner": "Noor"}, {"Tier": "1"}]


def test_a_table_that_only_arranges_the_page_is_read_as_text() -> None:
    document = files.read(
        page("<table><tr><td><h2>Left</h2><p>a</p></td><td><p>b</p></td></tr></table>"), "a.html"
    )
    assert outline(document) == [(2, "Left")]
    assert texts(document, BlockKind.ROW) == []


def test_an_api_entry_is_a_section_of_its_own() -> None:
    entry = '<dl class="py function"><dt class="sig sig-object py">{}</dt><dd><p>{}</p></dd></dl>'
    document = files.read(
        page(
            '<div role="main"><h1>shutil</h1><section><h2>Files</h2>'
            + entry.format("copy(src)", "Copies.")
            + entry.format("move(src)", "Moves.")
            + "</section></div>"
        ),
        "a.html",
    )
    assert outline(document) == [(1, "shutil"), (2, "Files"), (3, "copy(src)"), (3, "move(src)")]


def test_a_page_that_is_all_navigation_still_gives_its_words() -> None:
    assert files.read(page("<nav><a>Only this</a></nav>"), "a.html").text == "Only this"


def test_the_charset_a_page_declares_is_used() -> None:
    data = '<html><meta charset="iso-8859-2"><p>Żółw płynie</p></html>'.encode("iso-8859-2")
    assert files.read(data, "a.html").text == "Żółw płynie"
