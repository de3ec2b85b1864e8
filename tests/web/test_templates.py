"""Every template renders, every pattern is on the pattern page, and the pages stay light."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from jinja2 import StrictUndefined

from app.domain import AnswerState
from app.web import templating
from app.web.templating import STATIC, templates
from tests.web.conftest import tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

FOLDER = templating.HERE / "templates"
NAMES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles(name: str) -> None:
    assert templates().env.get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_template_is_used(name: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in templating.HERE.rglob("*.py")]
    sources += [(FOLDER / other).read_text(encoding="utf-8") for other in NAMES if other != name]
    assert any(f'"{name}"' in source or f"'{name}'" in source for source in sources)


def test_a_forgotten_variable_is_an_error_and_not_an_empty_place() -> None:
    assert templates().env.undefined is StrictUndefined


def test_the_pattern_page_shows_every_state_of_an_answer(client: TestClient) -> None:
    page = tree(client.get("/patterns").text)
    shown = {
        name.removeprefix("badge-")
        for node in page.css(".badge")
        for name in (node.attributes["class"] or "").split()
        if name != "badge"
    }
    assert shown == {state.value for state in AnswerState}
    assert "only partly supported" in words(page.html or "")


def test_every_class_that_the_templates_use_has_a_style() -> None:
    files = [*STATIC.glob("*.css"), *STATIC.glob("*.js")]
    looks = "".join(path.read_text(encoding="utf-8") for path in files)
    styled = set(re.findall(r"\.(-?[a-z_][\w-]*)", looks))
    used = set()
    for name in NAMES:
        source = (FOLDER / name).read_text(encoding="utf-8")
        for classes in re.findall(r'class="([^"]*)"', source):
            plain = re.sub(r"\{[{%].*?[}%]\}", " ", classes)
            used |= {one for one in plain.split() if re.fullmatch(r"[a-z][a-z_-]*[a-z]", one)}
    assert used - styled == set()


def test_the_first_page_weighs_at_most_sixty_kilobytes(client: TestClient) -> None:
    response = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    page = tree(response.text)
    addresses = [node.attributes.get("src") or "" for node in page.css("script")]
    addresses += [node.attributes["href"] or "" for node in page.css("link[rel=stylesheet]")]
    total = len(gzip.compress(response.content))
    for address in addresses:
        file = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert file.headers["content-encoding"] == "gzip"
        assert "immutable" in file.headers["cache-control"]
        total += len(gzip.compress(file.content))
    assert total < 60_000


def test_app_js_stays_small() -> None:
    assert len((STATIC / "app.js").read_text(encoding="utf-8").splitlines()) < 300


# --- contrast: WCAG 2.2 AA, computed from the stylesheet's own colors ----------------------------


def tokens(theme: int) -> dict[str, str]:
    css = (STATIC / "app.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), ?(#\w{6})\)", css)
    return {name: (light, dark)[theme] for name, light, dark in pairs}


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        *(
            (text, ground, 4.5)
            for text in ("ink", "muted")
            for ground in ("paper", "surface", "sunken")
        ),
        *(("accent", ground, 4.5) for ground in ("paper", "surface", "accent-soft", "sunken")),
        ("ink", "mark", 4.5),
        ("ink", "accent-soft", 4.5),
        ("ink", "bad-soft", 4.5),
        ("bad", "paper", 4.5),
        ("bad", "bad-soft", 4.5),
        ("on-accent", "accent", 4.5),
        ("edge", "paper", 3.0),
        ("edge", "surface", 3.0),
    ],
)
def test_colors_can_be_told_apart(theme: int, text: str, ground: str, least: float) -> None:
    known = tokens(theme)
    assert contrast(known[text], known[ground]) >= least
