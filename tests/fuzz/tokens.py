"""What the formats are made of, and what breaks readers: pieces that mutations put into files."""

from __future__ import annotations

NUMBERS = (
    *("0", "-1", "1", "65536", "2147483648", "-2147483649", "9999999999", "18446744073709551616"),
    *("1e400", "-1e400", "nan", "0.0000001", "9" * 400, "00000000000", "1.5", "", "one"),
)
"""Texts put where a number stood."""

INTEGERS = (0, 1, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
"""Values written over 1, 2, 4 or 8 bytes, in either byte order."""

ANYWHERE = (
    *(b"\x00", b"\x00" * 64, b"\xff", b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xf4\x90\x80\x80"),
    *(b"\xc0\xaf", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xae", b"\xe2\x80\x8b", b"\x1b[31m"),
    *(b"\r", b"\r\n", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8", b"\t" * 40, b" " * 300),
    *(b"\xcc\x81" * 60, b"\xf3\xa0\x81\x81" * 20, b"\xef\xb7\xba" * 30, b"%s%n", b"{{7*7}}"),
)

HTML = (
    *(b"<table>", b"</table>", b"<tr>", b"<td>", b"</td>", b"<th>", b"<td colspan=1000000>"),
    *(b"<td rowspan=99999999>", b"<td colspan=-1 rowspan=0>", b"<td rowspan='x'>", b"<caption>"),
    *(b"<li>", b"<ul>", b"<ol start=99999999999999999999>", b"<ol start=-3 reversed>", b"<ol>"),
    *(b"<pre>", b"</pre>", b"<code>", b"<h1>", b"</h1>", b"<h9>", b"<dl><dt>", b"<dd>"),
    *(b"<template>", b"<noscript>", b"<svg><text>", b"<math>", b"<select><option>", b"<textarea>"),
    *(b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?php", b"<!DOCTYPE", b"<script>", b"</script>"),
    *(b"<style>p{display:none}</style>", b"<p style='display:none'>", b"<p hidden>", b"<br>"),
    *(b"<meta charset='undefined'>", b"<meta charset='utf-16'>", b"<meta charset='idna'>"),
    *(b"<meta name=date content='0000-99-99'>", b"&#0;", b"&#xd800;", b"&#x110000;", b"&nbsp"),
    *(b"&#99999999999999;", b"&notanentity;", b"<blockquote>", b"<a name=x>", b"<base href='//'>"),
    *(b"<p style='font-size:1e9999px'>", b"<p style='font-size:0'>", b"<p style='width:-'>"),
)
MARKDOWN = (
    *(b"# ", b"####### ", b"> ", b"- ", b"1. ", b"999999999. ", b"1000000000. ", b"    ", b"\t"),
    *(b"```", b"~~~", b"---\n", b"===\n", b"| a | b |\n|---|---|\n", b"|", b"\\|", b"|:-:|"),
    *(b"[", b"](", b"![", b"[^1]: ", b"[x]: <", b"**", b"__", b"*_", b"`", b"``", b"<!--", b"-->"),
    *(b"---\ntitle: [\n---\n", b"---\ndate: 9999-99-99\n---\n", b"---\n&a [*a]\n---\n", b"\\"),
    *(b"---\ntitle: {a: {b: 1}}\nowner: 3\nupdated: -1\n---\n", b"---\n!!python/object:os.x {}\n"),
    *(b"---\nupdated: 0001-01-01T00:00:00+14:00\nreview_by: 12:30:45\nowner: [1, 2]\n---\n",),
    *(b"---\nupdated: 9999-12-31T23:59:59-12:00\nsuperseded_by: null\n---\n", b"- [ ] ", b"\n\n"),
    *HTML[:20],
)
RST = (
    *(b"====\n", b"----\n", b"\n\n", b".. ", b".. note::\n\n   ", b".. include:: /etc/passwd\n"),
    *(b".. raw:: html\n\n   <b>", b".. csv-table::\n   :file: /etc/passwd\n", b".. _x:\n", b"|x|"),
    *(b".. |x| replace:: |x|\n", b".. |y| date:: %\n", b"`", b"``", b"*", b"**", b":ref:`", b"__"),
    *(b".. list-table::\n   :widths: -1 x\n\n   * - a\n", b".. contents::\n", b".. math::\n\n   x"),
    *(
        b"+---+\n| a |\n+---+\n",
        b"=== ===\na   b\n=== ===\n",
        b".. code::\n   :number-lines: x\n\n",
    ),
    *(b".. image:: x\n   :width: 99999999999%\n", b".. role:: x(y)\n", b".. default-role:: x\n"),
    *(b".. unicode:: 0x110000\n", b".. |z| unicode:: 0xD800\n", b".. figure::\n", b"* ", b"#. "),
    *(
        b"99999999999999999999. ",
        b"(MMMMMMMM) ",
        b":field: ",
        b"-o FILE  ",
        b"| line\n",
        b">>> x\n",
    ),
    *(b".. [1] ", b"[#]_ ", b".. class:: x\n", b".. meta::\n   :x: y\n", b".. title:: \n"),
)
CSV = (
    *(b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"sep=", b"sep=\n", b"sep=;;\n"),
    *(b'sep="\n', b"sep=\x00\n", b"sep=\r\n", b",,,,,,,,", b"=cmd|' /C calc'!A0", b"'", b'"\n'),
    *(b"sep=\xe2\x82\xac\n", b"sep= \n", b"1e999", b"0x1F", b"2026-13-45"),
)
MAIL = (
    *(b"Content-Type: text/html; charset=undefined\n", b"Content-Type: text/plain; charset=idna\n"),
    *(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"--x--\n", b"Content-Type: ;;;=\n"),
    *(b"Content-Type: message/rfc822\n", b"Content-Type: multipart/alternative\n", b"--x\n\n"),
    *(b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: uuencode\n", b"=\n"),
    *(b"Content-Transfer-Encoding: quoted-printable\n", b"=?utf-8?b?////?=", b"=?x?q?=ED=A0=80?="),
    *(
        b"=?utf-16?q?a?=",
        b"=?undefined?q?a?=",
        b"Subject: ",
        b"Date: Tue, 99 Foo 99999 99:99:99 +9",
    ),
    *(b"Date: Mon, 01 Jan 0001 00:00:00 +1400\n", b"From: <<<>>>,;:@\n", b"To: undisclosed:;\n"),
    *(b"From: =?utf-8?q?=00?= <a@b>\n", b"Content-Disposition: attachment; filename*=x'y'%ED%A0\n"),
    *(b"Content-Disposition: attachment; filename=\n", b"begin 644 x\n", b"> ", b"\n\n", b"-- \n"),
    *(b"Content-Type: text/plain; charset=unicode_escape\n\n\\ud800", b"charset=utf-7; +2AAAAA-"),
)
XML = (
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"&#x0;", b"&lt;", b"<![CDATA[", b"]]>", b"<a/>"),
    *(b"<?xml version='1.0' encoding='undefined'?>", b"<?xml version='1.1'?>", b"xml:space='x'"),
    *(b"<w:p/>", b"<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>", b"<w:tbl/>", b"<w:tr/>"),
    *(b'<w:gridSpan w:val="1000000"/>', b'<w:vMerge w:val="x"/>', b"<w:vMerge/>", b"<w:vanish/>"),
    *(b'<w:ilvl w:val="99"/>', b'<w:numId w:val="-1"/>', b'<w:outlineLvl w:val="x"/>', b"<w:sdt/>"),
    *(
        b'<w:sz w:val="-5"/>',
        b"<w:ins/>",
        b"<w:del/>",
        b"<w:txbxContent/>",
        b"<mc:AlternateContent/>",
    ),
    *(b'<a:tc gridSpan="1000" rowSpan="99999"/>', b'<a:tc hMerge="1"/>', b"<a:tbl/>", b"<a:p/>"),
    *(b'<row r="1048577">', b'<row r="-1"/>', b'<c r="ZZZZ99999999" t="s"><v>99999</v></c>'),
    *(b'<c r="A1" t="e"><v>#REF!</v></c>', b'<c t="d"><v>x</v></c>', b'<c t="b"><v>7</v></c>'),
    *(
        b'<c r="XFD1048576"><v>1</v></c>',
        b'<dimension ref="A1:XFD1048576"/>',
        b'<dimension ref="?"/>',
    ),
    *(b'<mergeCell ref="A1:XFD1048576"/>', b'<mergeCell ref="B2:A1"/>', b"<v>1e308</v>"),
    *(b"<f>A1</f>", b"<itemref idref='a'/>", b"<spine/>", b"<dc:date>99999-01-01</dc:date>"),
)
PDF = (
    *(b"<<", b">>", b"[", b"]", b"obj\n", b"endobj\n", b"stream\n", b"endstream\n", b"xref\n"),
    *(
        b"trailer\n",
        b"startxref\n0\n",
        b"%%EOF\n",
        b"/Length 999999999 ",
        b"/Length -1 ",
        b"/Kids [",
    ),
    *(b"/Count 99999999 ", b"/Count -1 ", b"/MediaBox [0 0 0 0] ", b"/MediaBox [1e30 0 -1e30 1] "),
    *(b"/Rotate 45 ", b"/Rotate 90 ", b"/UserUnit 1e9 ", b"/Parent 1 0 R ", b"/Prev 0 ", b"1 0 R "),
    *(
        b"/Encrypt 1 0 R ",
        b"/Filter [/FlateDecode /FlateDecode /FlateDecode] ",
        b"/Filter /JPXDecode ",
    ),
    *(
        b"/ModDate (D:99999999999999) ",
        b"/CreationDate (D:00000000) ",
        b"/ModDate (D:20260101+99'99)",
    ),
    *(b"/Title <FEFFD800> ", b"/Author (\\000\\377) ", b"/Outlines 1 0 R ", b"/First 1 0 R "),
)
OPERATORS = (
    *(b" BT ", b" ET ", b" q ", b" Q ", b" (a) Tj ", b" [(a) -99999 (b)] TJ ", b" T* ", b" 3 Tr "),
    *(
        b" 0 Tf ",
        b" /F1 1e9 Tf ",
        b" /F1 -10 Tf ",
        b" /F1 0 Tf ",
        b" 0 0 0 0 0 0 Tm ",
        b" f ",
        b" S ",
    ),
    *(b" 1e30 0 0 1e30 0 0 cm ", b" 0 1 -1 0 0 0 cm ", b" -1 0 0 1 0 0 Tm ", b" 99999 0 Td "),
    *(b" 0 0 1000 0.1 re f ", b" 0 0 -5 -5 re S ", b" nan 0 l ", b" 72 700 m 500 700 l S "),
    *(
        b" <FFFFD800> Tj ",
        b" () Tj ",
        b" (\\000\\001) Tj ",
        b" /X Do ",
        b" BI ID EI ",
        b" 1 1 1 rg ",
    ),
    *(b" 0 Tz ", b" -100 Tz ", b" 1e6 Tc ", b" W n ", b" 1 0 0 1 1e38 1e38 cm "),
)
JSON = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"true", b"NaN", b"Infinity", b"1e999"),
    *(b'"\\ud800"', b'"\\u0000"', b'"cells"', b'"source"', b'"nbformat": 99', b'"worksheets": 3'),
)
PLAIN = (*MARKDOWN[:24], b"Superseded by ", b"Next review: 31.02.2026\n", b"Owner: ", b"\n\n\n")

OF_FORMAT: dict[str, tuple[bytes, ...]] = {
    **{"md": MARKDOWN, "txt": PLAIN, "rst": RST, "html": HTML, "csv": CSV, "eml": MAIL + HTML},
    **{"ipynb": JSON + MARKDOWN[:12], "pdf": PDF + OPERATORS, "epub": XML + HTML},
    **dict.fromkeys(("docx", "pptx", "xlsx"), XML),
}

NESTS: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "md": ((b"> ", b""), (b"- ", b""), (b"[", b"](x)"), (b"*", b"*"), (b"<div>", b"</div>")),
    "txt": ((b"> ", b""), (b"- ", b""), (b"(", b")")),
    "rst": ((b"* ", b""), (b"   ", b""), (b":a:`", b"`"), (b".. note:: ", b""), (b"|", b"|_")),
    "html": (
        *((b"<div>", b"</div>"), (b"<ul><li>", b"</li></ul>"), (b"<b>", b""), (b"<p>", b"")),
        *((b"<table><tr><td>", b"</td></tr></table>"), (b"<blockquote>", b""), (b"<font>", b"<p>")),
    ),
    "csv": ((b'"', b'"'), (b",", b","), (b'","', b"")),
    "eml": (
        (b"Content-Type: message/rfc822\n\n", b""),
        (b"Content-Type: multipart/mixed; boundary=y\n\n--y\n", b"\n--y--\n"),
        (b"<div>", b"</div>"),
        (b"> ", b""),
    ),
    "ipynb": ((b"[", b"]"), (b'{"a":', b"}"), (b"> ", b"")),
    "pdf": ((b"[", b"]"), (b"<<", b">>"), (b" q ", b" Q "), (b"(", b")")),
    "xml": (
        *((b"<a>", b"</a>"), (b"<w:p><w:r>", b"</w:r></w:p>"), (b"<div>", b"</div>")),
        *((b"<w:tbl><w:tr><w:tc>", b"</w:tc></w:tr></w:tbl>"), (b"<w:sdt><w:sdtContent>", b"")),
    ),
}
"""What may be put one in another many times over."""
