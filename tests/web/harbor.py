"""A small harbor's documents: every structure that a page can show, and one damaged file."""

from __future__ import annotations

import io
from pathlib import Path

HANDBOOK = """---
title: Harbor handbook
owner: Marit Solberg
updated: 2026-02-02
review_by: 2027-01-31
---

# Harbor handbook

The harbor office is open from 7:30 to 16:00 on weekdays. Visitors report there before they moor.

## Berths

Berths are given out by the duty officer. They are:

- for visitors
    - up to three nights
    - longer with a permit
- for members

1. Report by radio.
2. Wait for a berth.
3. Moor.

### Fees

| Length | Fee a night | Power |
|---|---|---|
| up to 8 m | EUR 18 | 6 A |
| up to 12 m | EUR 27 | 16 A |
| over 12 m | EUR 41 | 32 A |

> Fees are doubled during the regatta.

```
harbor --berth C4 --nights 2
```

## Safety & <rules>

Life jackets are worn on the pontoons by everybody under 14. Swimming in the basin is forbidden.
"""
FAQ = """# Questions and answers

**How do I get a shower card?** Ask at the office; the deposit is EUR 10 and is returned in cash.

**Can I leave my boat over the winter?** Yes, on land. The crane works on Tuesdays from October on.

**Is there a workshop in the harbor area?** There is one behind the crane. It opens at eight.
"""
TIDES = "date,high water,height\n2026-05-01,06:12,3.4\n2026-05-02,06:58,3.6\n"
LETTER = """<!doctype html><title>Crane letter</title><h1>Crane letter</h1>
<p>The crane lifts boats of up to twelve tonnes.
Refunds for cancelled lifts are paid within a week.</p>
<script>alert(1)</script><p>Lifting is refunded in full when the wind is too strong.</p>"""


def report_pdf() -> bytes:
    """Two pages with a text layer."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=A4)
    sheet.setTitle("Dredging report")
    for lines in (
        ["Dredging report", "The channel was dredged in March and April of this year."],
        ["Depths", "After the work the channel is 6.2 metres deep at low water."],
    ):
        sheet.setFont("Helvetica-Bold", 18)
        sheet.drawString(72, 760, lines[0])
        sheet.setFont("Helvetica", 11)
        sheet.drawString(72, 720, lines[1])
        sheet.showPage()
    sheet.save()
    return out.getvalue()


def write_harbor(folder: Path) -> None:
    """Five files that can be read and one that cannot."""
    (folder / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (folder / "faq.md").write_text(FAQ, encoding="utf-8")
    (folder / "tides.csv").write_text(TIDES, encoding="utf-8")
    (folder / "crane.html").write_text(LETTER, encoding="utf-8")
    (folder / "dredging.pdf").write_bytes(report_pdf())
    (folder / "damaged.pdf").write_bytes(report_pdf()[:400])
