"""The page's style sheet: the reader's own fonts, light or dark as the reader has it."""

STYLE = """
:root {
  color-scheme: light dark;
  --text: #1c1f24; --soft: #5b626d; --page: #ffffff; --panel: #f6f7f9; --line: #dfe3e8;
  --accent: #2a6cab; --correct: #a9dcbf; --missed: #f5b5b0; --false: #f6d58f; --bar: #cfe0f1;
  --heat: 59 130 196;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e7ec; --soft: #9aa3af; --page: #14171b; --panel: #1c2026; --line: #343a43;
    --accent: #7db5ea; --correct: #6fbf93; --missed: #e58d86; --false: #dcb45c; --bar: #2c4560;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 60rem; background: var(--page);
  color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 {
  font-size: 1.35rem; margin: 3.25rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--line);
}
h3 { font-size: 1.05rem; margin: 2rem 0 .4rem; }
p { margin: .5rem 0; max-width: 44rem; }
a { color: var(--accent); }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
.soft, figcaption, caption { color: var(--soft); }
.path { overflow-wrap: anywhere; }
nav ul {
  list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1.25rem 0 0;
  padding: 0;
}
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: .75rem; }
.tiles { margin: 1.5rem 0 0; padding: 0; }
.tiles div { background: var(--panel); border-radius: .5rem; padding: .7rem .9rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.55rem; font-variant-numeric: tabular-nums; line-height: 1.3; }
caption.hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.scroll { overflow-x: auto; margin: .75rem 0 1.25rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; line-height: 1.4; }
th, td { padding: .34rem .6rem; text-align: right; vertical-align: top; }
th { font-weight: 600; }
thead th { color: var(--soft); border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
th:first-child, td.text { text-align: left; }
tbody th { font-weight: 500; }
td { font-variant-numeric: tabular-nums; }
td.text { min-width: 14rem; }
td.bar {
  min-width: 5.5rem;
  background: linear-gradient(to right, var(--bar) var(--share), transparent var(--share));
}
tr.group > th { color: var(--soft); font-size: .82rem; padding-top: .9rem; }
tr.zero { color: var(--soft); }
table.heat { width: auto; }
table.heat thead th { white-space: normal; vertical-align: bottom; }
table.heat td { background: rgb(var(--heat) / var(--share)); min-width: 3.2rem; }
figure { margin: 1rem 0 1.75rem; }
figure svg { display: block; width: 100%; max-width: 46rem; height: auto; overflow: visible; }
figcaption { font-size: .9rem; max-width: 44rem; margin-top: .4rem; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: .5rem; }
summary { cursor: pointer; padding: .5rem .9rem; }
summary b { font-weight: 600; }
.example { padding: .6rem .9rem .8rem; border-top: 1px solid var(--line); }
.example p { margin: 0; font-size: .92rem; }
.example .soft { font-size: .82rem; }
.spans { margin: .6rem 0 0; line-height: 2 !important; overflow-wrap: anywhere; }
.word { display: inline-block; position: relative; vertical-align: top; }
.slice { position: absolute; height: 4px; left: -1px; width: calc(100% + .4em); }
.slice.first { border-radius: 3px 0 0 3px; }
.label {
  position: absolute; top: -.4em; left: 0; padding: 2px 4px; border-radius: 3px; color: #16181c;
  font-size: .62rem; font-weight: 600; line-height: 1; white-space: nowrap; z-index: 1;
}
.room {
  display: block; height: 0; overflow: hidden; visibility: hidden; padding: 0 6px;
  font-size: .62rem; font-weight: 600; white-space: nowrap;
}
.key { border-radius: 3px; color: #16181c; padding: .05rem .35rem; font-size: .85rem; }
@media (max-width: 40rem) {
  body { padding: 1.5rem .9rem 3rem; font-size: 15px; }
  th, td { padding: .3rem .4rem; }
  td.text { min-width: 11rem; }
}
@media print { body { max-width: none; } details { break-inside: avoid; } }
"""
