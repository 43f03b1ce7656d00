// The look of all pages.
#pragma once

namespace recvae::tools::report {

/// As XML allows it, too: without < and &.
constexpr const char* kStyle = R"(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1a2130; --faint: #5a6577; --line: #dde1e8; --grid: #e8ebf0;
  --accent: #1d5bd8; --accent-soft: #e6eefc; --good: #0b7a4b; --good-soft: #dff5ea; --warn: #8a5300; --warn-soft: #fff3dc;
  --s0: #1d5bd8; --s1: #c2410c; --s2: #0f766e; --s3: #7c3aed; --s4: #be185d; --s5: #7d6608; --other: #8791a2;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #12161d; --card: #1b212b; --text: #e7ebf2; --faint: #a1acbd; --line: #323b49; --grid: #2a323f;
    --accent: #8ab4ff; --accent-soft: #23344f; --good: #5fd6a0; --good-soft: #173a2c; --warn: #f5c26b; --warn-soft: #3a2d14;
    --s0: #7aa9ff; --s1: #ff9a5c; --s2: #4fd1c0; --s3: #c0a2ff; --s4: #ff8ab8; --s5: #dcc75a; --other: #8793a6;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 3.2rem; }
body {
  margin: 0 auto; padding: 0 1rem 2rem; max-width: 74rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1.6rem 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 0 0 .7rem; }
h3 { font-size: 1rem; margin: 0 0 .4rem; }
p { margin: .4rem 0 .8rem; max-width: 60rem; }
a { color: var(--accent); }
.faint, footer { color: var(--faint); font-size: .875rem; }
nav {
  position: sticky; top: 0; z-index: 1; display: flex; gap: .2rem 1.1rem; margin: 1rem -1rem 0; padding: .6rem 1rem; overflow-x: auto;
  background: var(--page); border-bottom: 1px solid var(--line); white-space: nowrap; font-size: .9rem;
}
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.1rem 1.2rem; margin: 1.1rem 0; }
footer { padding: 0 .2rem; }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .9rem 1rem; flex: 1 1 12rem; }
.card.wide { flex: 2 1 14rem; }
.label { color: var(--faint); font-size: .875rem; }
.value { font-size: 1.7rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.remark { color: var(--faint); font-size: .875rem; margin-bottom: .4rem; }
.compared { display: grid; grid-template-columns: 5rem 1fr 3.2rem; gap: .5rem; align-items: center; font-size: .8125rem; color: var(--faint); }
.compared.own { color: var(--text); font-weight: 600; }
.track { height: .5rem; border-radius: .25rem; background: var(--grid); overflow: hidden; }
.track span { display: block; height: 100%; border-radius: .25rem; background: var(--other); }
.own .track span { background: var(--accent); }
.note {
  border-left: .25rem solid var(--warn); background: var(--warn-soft); border-radius: .4rem; padding: .6rem .9rem; max-width: none; margin: 1rem 0;
}
.number { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .9rem; margin: .3rem 0 .6rem; overflow-wrap: normal; }
th, td { padding: .35rem .8rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th:first-child, td:first-child { padding-left: .2rem; }
th.number, td.number { text-align: right; }
thead th { color: var(--faint); font-weight: 600; border-bottom-width: 2px; vertical-align: bottom; }
tbody th { font-weight: 400; }
tbody tr:hover { background: var(--accent-soft); }
strong { font-weight: 700; }
td strong { position: relative; }
td strong::after { content: "★"; position: absolute; left: 100%; top: .15em; padding-left: .15em; font-size: .7em; color: var(--good); }
details { margin: .6rem 0 0; font-size: .9rem; }
summary { cursor: pointer; color: var(--accent); }
details .scroll { max-height: 26rem; overflow-y: auto; }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1.4rem 2rem; }
figure { margin: 0; min-width: 0; max-width: 38rem; }
figcaption { font-weight: 600; }
figcaption span { font-weight: 400; color: var(--faint); font-size: .875rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1rem; margin: .1rem 0 .2rem; padding: 0; font-size: .875rem; }
.legend svg { width: 1.7em; height: .8em; display: inline-block; vertical-align: -.02em; margin-right: .35em; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--faint); font-size: 13px; font-variant-numeric: tabular-nums; }
svg .mark { fill: var(--text); font-weight: 600; }
.grid { stroke: var(--grid); } .axis { stroke: var(--faint); } .best { stroke: var(--faint); stroke-dasharray: 4 4; }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
.hit { fill: transparent; }
.hit:hover { fill: var(--text); fill-opacity: .18; }
.bar:hover, .dot:hover { opacity: .75; }
.ring { fill: var(--card); stroke-width: 2.5; }
.line.s0, .ring.s0 { stroke: var(--s0); } .line.s1, .ring.s1 { stroke: var(--s1); } .line.s2, .ring.s2 { stroke: var(--s2); }
.line.s3, .ring.s3 { stroke: var(--s3); } .line.s4, .ring.s4 { stroke: var(--s4); } .line.s5, .ring.s5 { stroke: var(--s5); }
.line.s1 { stroke-dasharray: 7 4; } .line.s2 { stroke-dasharray: 2 4; } .line.s3 { stroke-dasharray: 9 3 2 3; } .line.s4 { stroke-dasharray: 12 4; }
.line.s5 { stroke-dasharray: 4 3; }
.bar.s0, .dot.s0 { fill: var(--s0); } .bar.s1, .dot.s1 { fill: var(--s1); } .bar.s2, .dot.s2 { fill: var(--s2); }
.bar.s3, .dot.s3 { fill: var(--s3); } .bar.s4, .dot.s4 { fill: var(--s4); } .bar.s5, .dot.s5 { fill: var(--s5); }
.bar.other, .dot.other { fill: var(--other); } .line.other { stroke: var(--other); }
.example { min-width: 0; }
.example h3 span { font-weight: 400; color: var(--faint); }
.names { display: flex; flex-wrap: wrap; gap: .3rem; list-style: none; margin: .2rem 0 .8rem; padding: 0; font-size: .85rem; }
.names li { border: 1px solid var(--line); border-radius: .4rem; padding: .05rem .5rem; max-width: 100%; unicode-bidi: isolate; }
.names .found { background: var(--good-soft); border-color: var(--good); color: var(--good); font-weight: 600; }
.names .more { border-style: dashed; color: var(--faint); }
.setting { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 0 2rem; margin: 0; font-size: .9rem; }
.setting div { display: flex; justify-content: space-between; gap: 1rem; padding: .3rem .2rem; border-bottom: 1px solid var(--line); }
.setting dt { color: var(--faint); white-space: nowrap; } .setting dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.setting .changed { background: var(--accent-soft); border-radius: .3rem; padding: .3rem .5rem; }
.setting .changed dd { font-weight: 600; } .setting small { font-weight: 400; color: var(--faint); margin-left: .5rem; }
pre { background: var(--page); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; margin: .4rem 0 1rem; font-size: .85rem; white-space: normal; }
.word { display: inline-block; max-width: 100%; }
code { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .95em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) {
  body { padding: 0 .75rem 1.5rem; } nav { margin: 1rem -.75rem 0; padding: .6rem .75rem; }
  section { padding: .9rem .85rem; } h1 { font-size: 1.4rem; } svg text { font-size: 17px; }
  .card { flex-basis: 8rem; } .card.wide { flex-basis: 100%; } .card { padding: .75rem .85rem; } .value { font-size: 1.25rem; } .wide .value { font-size: 1.5rem; }
  table { font-size: .8125rem; } th, td { padding: .3rem .25rem; } th { white-space: normal; } th:last-child, td:last-child { padding-right: .7rem; } thead th { font-size: .75rem; }
}
@media print {
  :root { --page: #ffffff; color-scheme: light; }
  body { max-width: none; font-size: 11pt; padding: 0; } nav { display: none; }
  section { border: 0; padding: 0; } figure, .card, .example, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .columns { grid-template-columns: repeat(2, minmax(0, 1fr)); } svg text { font-size: 16px; } th { white-space: normal; } th, td { padding: .25rem .4rem; }
  .scroll, details .scroll { overflow: visible; max-height: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

}  // namespace recvae::tools::report
