// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace aidp {

// The page's only style sheet. Text and marks keep a contrast of 4.5 to 1 (3 to 1 for marks) in light and dark.
inline constexpr const char* report_style = R"css(
:root{color-scheme:light dark;--ink:#17242f;--soft:#526373;--paper:#fff;--back:#f2f5f8;--line:#d5dee6;--track:#eef2f6;--now:#1c6a99;--before:#7f97aa;--fill:#cfe2ee;--warn:#7a4300;--warnback:#fff3dc}
@media (prefers-color-scheme:dark){:root{--ink:#e8eef3;--soft:#a9b8c5;--paper:#18232d;--back:#0f171e;--line:#33424f;--track:#22303c;--now:#62b3e4;--before:#8fa5b6;--fill:#26506b;--warn:#ffd58f;--warnback:#3a2a10}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1160px;margin:0 auto;padding:28px 20px 56px}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}h2{font-size:1.1rem;line-height:1.3;margin:0 0 4px;overflow-wrap:anywhere}p{margin:4px 0}
.sub{color:var(--soft);font-size:.92rem}
.note{background:var(--warnback);color:var(--warn);border-left:4px solid var(--warn);padding:9px 14px;margin:18px 0;border-radius:4px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(168px,1fr));gap:12px;margin:20px 0}
.card,section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:16px 18px;min-width:0}
.card b{display:block;font-size:1.75rem;line-height:1.25;font-variant-numeric:tabular-nums;font-weight:650}
.card span{color:var(--soft);font-size:.85rem;display:block;line-height:1.4}.card .name{color:var(--ink);font-weight:600}
.columns{columns:2 480px;column-gap:16px}section{break-inside:avoid;margin-bottom:16px}
.plot{padding:14px 2px 2px}svg{display:block;overflow:visible}
svg text{font-size:13px;fill:var(--ink)}svg .small{font-size:12px;fill:var(--soft)}svg .figure{font-weight:650}
.now{fill:var(--now)}.before{fill:var(--before)}.track{fill:var(--track)}.hill{fill:var(--before);opacity:.65}
.axis{stroke:var(--soft)}.grid{stroke:var(--line)}.whisker{stroke:var(--now);stroke-width:2}
.box{fill:var(--fill);stroke:var(--now)}.median{stroke:var(--ink);stroke-width:3}.hollow{fill:var(--paper);stroke:var(--now);stroke-width:2}
.trend{stroke:var(--now);stroke-width:1.5;stroke-dasharray:4 4;opacity:.7}
details{margin-top:10px;border-top:1px solid var(--line);padding-top:8px}summary{cursor:pointer;color:var(--now);font-size:.92rem}
summary:focus-visible{outline:2px solid var(--now);outline-offset:3px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.88rem;margin-top:6px}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:600;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}th:last-child,td:last-child{padding-right:2px}
code{overflow-wrap:anywhere;font-size:.85rem;font-family:ui-monospace,"DejaVu Sans Mono",monospace}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 2px 12px}.key i{display:inline-block;margin-right:6px;border-radius:2px;width:22px}
.key .k1{height:10px;background:var(--now)}.key .k2{height:3px;background:var(--before);vertical-align:3px}
footer{color:var(--soft);font-size:.85rem;margin-top:20px}
@media (max-width:480px){main{padding:18px 12px 40px}.cards{grid-template-columns:1fr 1fr;gap:8px}.card,section{padding:13px 13px}.card b{font-size:1.45rem}h1{font-size:1.45rem}.card:last-child:nth-child(odd){grid-column:1/-1}.aside{display:none}}
@media print{:root{color-scheme:light}body{background:#fff}section,.card{break-inside:avoid}})css";

}  // namespace aidp
