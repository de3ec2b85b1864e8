"""Which parts of a web page are its chrome."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

NEVER_SHOWN = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "map",
        "head",
        "title",
        "link",
        "meta",
        "base",
        "datalist",
        "button",
        "select",
        "input",
        "textarea",
        "progress",
        "meter",
        "annotation",
        "rp",
        "-comment",
        "!--",
    ]
)
CHROME_TAGS = frozenset(["nav", "footer", "menu", "dialog"])
CHROME_ROLES = frozenset(
    [
        "navigation",
        "banner",
        "contentinfo",
        "search",
        "complementary",
        "dialog",
        "alertdialog",
        "menu",
        "menubar",
        "toolbar",
        "tablist",
    ]
)
CHROME_CLASSES = frozenset(
    [
        "headerlink",
        "sphinxsidebar",
        "related",
        "navigation",
        "navbar",
        "nav",
        "breadcrumb",
        "breadcrumbs",
        "toc",
        "docnav",
        "contents-menu",
        "mw-editsection",
        "mw-jump-link",
        "navbox",
        "catlinks",
        "printfooter",
        "noprint",
        "skip-link",
        "skiplink",
        "skip-to-content",
        "sr-only",
        "visually-hidden",
        "screen-reader-text",
        "cookie-banner",
        "cookie-notice",
        "page-metadata-secondary",
        "ajs-menu-bar",
        "footer",
        "site-footer",
        "page-footer",
        "site-header",
        "share-buttons",
        "social-share",
        "pagination",
        "indexterm",
        "copybtn",
        "linenos",
        "mobile-nav",
        "edit-link",
        "edit-this-page",
        "toctree-hidden",
        "anchor-link",
        "heading-anchor",
    ]
)
CHROME_IDS = frozenset(
    [
        "banner",
        "footer",
        "navigation",
        "sidebar",
        "toc",
        "toc-container",
        "breadcrumbs",
        "breadcrumb-section",
        "comments-section",
        "likes-and-labels-container",
        "cookie-banner",
        "mw-navigation",
        "searchbox",
    ]
)
KEPT_ASIDES = frozenset(
    ["admonition", "note", "warning", "tip", "callout", "topic", "footnote", "sidebar"]
)

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "caption",
    ]
)


def is_chrome(node: LexborNode, in_content: bool) -> bool:
    """True for navigation, footers, sidebars, edit links, and what else surrounds the content.

    Args:
        node: the element.
        in_content: it stands inside the page's marked main content, where a header is content.
    """
    tag = node.tag or ""
    attributes = node.attrs
    names = attributes.get("class")
    classes = set(names.split()) if names else set()
    if tag in CHROME_TAGS or (tag == "header" and not in_content):
        return True
    if tag == "aside" and not (in_content and classes & KEPT_ASIDES):
        return True
    if attributes.get("role") in CHROME_ROLES:
        return True
    if classes & CHROME_CLASSES or attributes.get("id") in CHROME_IDS:
        return True
    if tag == "sup" and "reference" in classes:
        return True
    # A logo: a link that holds a picture and nothing else.
    return tag == "a" and not node.text(strip=True) and node.css_first("img") is not None
