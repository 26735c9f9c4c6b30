"""How the page looks: light or dark as the reader's system is, one column, and fit for paper."""

from __future__ import annotations

import base64
import hashlib

_LIGHT = (
    "--paper:#fbfaf7;--card:#fff;--ink:#1d2126;--faint:#565e67;--line:#dcd9d1;--soft:#f1efe9;--link:#0b5480;"
    "--critical:#a10f38;--high:#a2420b;--medium:#725600;--low:#1a5a88;--info:#565e67;--good:#1f6b3a;"
    "--critical-bg:#f7d3db;--high-bg:#fbdfca;--medium-bg:#f6eabf;--low-bg:#d5e7f5;--info-bg:#e6e8ea;"
    "--good-bg:#d8eedd"
)
_DARK = (
    "--paper:#14171b;--card:#1b1f24;--ink:#e6e9ec;--faint:#a6afb9;--line:#343b43;--soft:#232930;--link:#8ec8f2;"
    "--critical:#ff93a8;--high:#ffb183;--medium:#ebcd74;--low:#93c9f2;--info:#a9b2bc;--good:#8fd6a4;"
    "--critical-bg:#5d1d30;--high-bg:#593117;--medium-bg:#4b3e12;--low-bg:#1c4059;--info-bg:#343b43;"
    "--good-bg:#1d4329"
)
_SEVERITIES = ("critical", "high", "medium", "low", "info")

_BASE = """
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:break-word;
font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
header,main,footer{max-width:1040px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
footer{padding-bottom:56px;color:var(--faint);font-size:14px}
h1{font-size:27px;line-height:1.25;margin:0 0 6px;font-weight:650;letter-spacing:-.01em}
h2{font-size:20px;margin:52px 0 10px;font-weight:650}
h4{font-size:14px;margin:20px 0 6px;font-weight:650}
h3{font-size:16px;margin:26px 0 8px;font-weight:650}
p{margin:0 0 12px;max-width:76ch}
a{color:var(--link);text-underline-offset:2px}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px;
border-radius:3px}
.skip{position:absolute;left:-9999px}
.skip:focus{left:16px;top:8px;background:var(--card);padding:8px 14px;z-index:2}
.faint{color:var(--faint)}
.small{font-size:14px}
.lead{font-size:18px;line-height:1.55;margin:20px 0 0}
.lead p{margin:0 0 10px;max-width:70ch}
code{font:13px/1.5 ui-monospace,'Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:22px 0 0;font-size:15px}
.note{border-left:4px solid var(--medium);background:var(--soft);padding:10px 16px;margin:20px 0;border-radius:0 6px 6px 0}
.note p:last-child{margin:0}
.wide{overflow-x:auto;margin:0 0 12px}
table{border-collapse:collapse;width:100%;margin:0 0 12px;font-size:14px;line-height:1.45}
caption{text-align:left;color:var(--faint);padding:0 0 6px;font-size:14px}
th,td{text-align:left;padding:6px 14px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600}
thead th{color:var(--faint);font-weight:500;white-space:nowrap}
.r{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.nw{white-space:nowrap}
.m td,.m thead th{text-align:center;padding:6px 8px;white-space:nowrap}
.m tbody th{overflow-wrap:normal;white-space:nowrap}
.m caption{max-width:min(100%,calc(100vw - 76px))}
.m thead th:first-child{text-align:left;padding-left:0}
.m td{border:1px solid var(--line)}
.m .no{color:var(--faint)}
.m .proved{background:var(--critical-bg);font-weight:650}
.m .decoded{background:var(--medium-bg)}
.m .refused{background:var(--good-bg)}
figure{margin:16px 0 12px}
figcaption{font-size:14px;color:var(--faint);margin:0 0 8px;max-width:76ch}
figcaption.t{color:var(--ink);font-weight:600}
.up.t::first-letter,.up>li::first-letter{text-transform:uppercase}
svg{display:block;width:100%;height:auto;font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
.w6{min-width:640px}
svg text{fill:var(--ink)}
svg .q{fill:var(--faint)}
svg .s{font-size:12px}
svg .b{font-weight:600}
svg .axis{stroke:var(--line);stroke-width:1}
svg .now{stroke:var(--ink);stroke-width:1.5}
svg .edge{stroke:var(--paper);stroke-width:1.5}
svg .flow{stroke:var(--faint);stroke-width:1.5;fill:none}
svg .head{fill:var(--faint)}
svg .node{fill:var(--card);stroke:var(--faint);stroke-width:1.5}
svg .n-proved{stroke:var(--critical);stroke-width:2.5}
svg .n-granted{stroke:var(--medium);stroke-width:2;stroke-dasharray:7 4}
svg .n-possible{stroke:var(--faint);stroke-dasharray:2 3}
svg .span{stroke:var(--ink);stroke-width:3}
svg .mark{fill:var(--ink)}
svg .future{fill-opacity:.42}
ul.plain,ol.plain{padding-left:22px;margin:0 0 12px}
li{margin:0 0 4px;max-width:82ch;overflow-wrap:anywhere}
details.f{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 10px}
details.f>summary{padding:12px 16px;cursor:pointer;overflow-wrap:anywhere}
details.f>summary .tag{margin-left:6px}
details.f>summary .at{display:block;font-size:14px;padding-left:24px}
details.f>div{padding:2px 20px 14px;border-top:1px solid var(--line);scroll-margin-top:60px}
details.more>summary{cursor:pointer;color:var(--link);font-size:14px;padding:4px 0}
tr:target{background:var(--medium-bg)}
.tag{display:inline-block;border-radius:4px;padding:1px 8px;margin-right:8px;font-size:13px;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0 0 12px;font-size:15px}
dt{color:var(--faint)}
dd{margin:0;overflow-wrap:anywhere}
@media(max-width:620px){header,main,footer{padding-left:16px;padding-right:16px}header{padding-top:24px}
h1{font-size:23px}.lead{font-size:17px}dl{grid-template-columns:1fr}dd{margin-bottom:6px}
.cards thead{position:absolute;left:-9999px}.cards tr,.cards th,.cards td{display:block}.cards td,.cards tbody th{border:0;padding:1px 0}
.cards tr{border-bottom:1px solid var(--line);padding:8px 0}.cards .r{text-align:left}
.w6{min-width:860px}.cards td[data-is]:before{content:attr(data-is) ": ";color:var(--faint)}}
@page{margin:15mm}
@media print{:root{color-scheme:light}body{font-size:11pt;background:#fff}header,main,footer{max-width:none;padding:0}
nav,.skip{display:none}h2,h3,figcaption,caption{break-after:avoid}figure,tr,li{break-inside:avoid}
details::details-content{content-visibility:visible;block-size:auto}.wide{overflow:visible}.w6{min-width:0}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def css() -> str:
    """Return the whole style, in one line an entry."""
    tags = "".join(
        f".tag.{each}{{background:var(--{each}-bg);color:var(--ink)}}.t-{each}{{color:var(--{each})}}"
        f"svg .l-{each}{{fill:var(--{each}-bg)}}svg .d-{each}{{fill:var(--{each})}}"
        for each in _SEVERITIES
    )
    # On paper the light colours, whatever the screen has.
    return (
        f":root{{color-scheme:light dark;{_LIGHT}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}{_BASE}{tags}"
    )


def policy(text: str) -> str:
    """Return the content security policy of a page whose only style is `text`: nothing else may load or run."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
