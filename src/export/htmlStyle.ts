// The look of an exported page: one style sheet, no fonts or images from elsewhere.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f6f4; --card: #ffffff; --inset: #f4f4f2; --text: #1d1e22; --muted: #5c606b;
  --line: #dfe0e3; --accent: #3451c6; --ok: #23753a; --error: #bd2323; --warn: #965200;
  --ok-soft: #e5f3e8; --error-soft: #fcebea; --warn-soft: #fbf0dd; --accent-soft: #e9edfb;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131418; --card: #1b1d22; --inset: #131418; --text: #e6e7eb; --muted: #a0a5b1;
    --line: #30333b; --accent: #93a9ff; --ok: #74cc88; --error: #ff8f8a; --warn: #f3b45d;
    --ok-soft: #16301d; --error-soft: #3a1b1c; --warn-soft: #35270f; --accent-soft: #20294a;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 68rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 var(--sans); overflow-wrap: anywhere; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 1.9rem; letter-spacing: -0.015em; }
h2 { font-size: 1.15rem; margin-bottom: 0.9rem; }
h3 { font-size: 1rem; }
h4 { font-size: 0.8rem; color: var(--muted); font-weight: 600; margin: 1.2rem 0 0.4rem; }
p { margin: 0; }
section { margin-top: 2.25rem; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--card); z-index: 1; }
.muted { color: var(--muted); }
.eyebrow { color: var(--muted); font-size: 0.85rem; margin-bottom: 0.5rem; }
.variables th, .variables td:not(:last-child) { overflow-wrap: break-word; }
.variables .number { padding-right: 1.75rem; }
.standing { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.75rem; margin-top: 0.9rem; }
.badge { display: inline-block; padding: 0.1rem 0.6rem; border-radius: 1rem; font-size: 0.8rem;
  font-weight: 600; white-space: nowrap; background: var(--accent-soft); color: var(--accent); }
.badge-ok, .badge-finalized { background: var(--ok-soft); color: var(--ok); }
.badge-error { background: var(--error-soft); color: var(--error); }
.badge-stopped, .badge-interrupted, .badge-unfinished { background: var(--warn-soft); color: var(--warn); }
.facts { display: flex; flex-wrap: wrap; gap: 0.9rem 2.25rem; margin: 1.4rem 0 0; font-size: 0.9rem; }
.facts dt { color: var(--muted); font-size: 0.8rem; }
.facts dd { margin: 0; }
code, pre, .mono { font-family: var(--mono); font-size: 0.85rem; font-variant-ligatures: none; }
pre { margin: 0; padding: 0.75rem 0.9rem; white-space: pre-wrap; line-height: 1.5; tab-size: 4;
  background: var(--inset); border: 1px solid var(--line); border-radius: 6px; }
pre.long { max-height: 26rem; overflow: auto; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem 1.4rem; }
.answer { border-color: var(--ok); border-left-width: 5px; }
.answer pre { padding: 0; border: 0; background: none; font: 1rem/1.6 var(--sans); }
.answer pre.aligned { font: 0.875rem/1.6 var(--mono); }
.gauges { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.1rem 2.5rem;
  list-style: none; margin: 0; }
.gauge-head { display: flex; justify-content: space-between; gap: 1rem; font-size: 0.9rem; margin-bottom: 0.35rem; }
.gauge-head span:last-child { font-variant-numeric: tabular-nums; color: var(--muted); white-space: nowrap; }
.meter { height: 8px; border-radius: 4px; background: var(--line); overflow: hidden; }
.meter span { display: block; height: 100%; min-width: 2px; border-radius: 4px; background: var(--accent); }
.meter.high span { background: var(--warn); }
.meter.full span { background: var(--error); }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; }
caption { text-align: left; color: var(--muted); padding-bottom: 0.5rem; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: 0.8rem; }
th, td { padding: 0.35rem 1rem 0.35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
table + .muted { margin-top: 0.4rem; font-size: 0.88rem; }
.context .muted + table { margin-top: 1rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.context + .context { margin-top: 1.5rem; }
.context h3 { margin-bottom: 0.3rem; }
.context table + table { margin-top: 1rem; }
.timeline { display: flex; gap: 2px; height: 2rem; margin-bottom: 0.4rem; border-radius: 6px; overflow: hidden; }
.timeline a { flex: 1 1 0; min-width: 0; display: grid; place-items: center; overflow: hidden; font-size: 0.75rem;
  text-decoration: none; background: var(--ok-soft); color: var(--ok); box-shadow: inset 0 -3px currentColor; }
.timeline a.error { background: var(--error-soft); color: var(--error); }
.timeline a.stopped, .timeline a.unfinished { background: var(--warn-soft); color: var(--warn); }
.timeline.dense { gap: 0; }
.timeline.dense a:not(.ok) { min-width: 2px; background: currentColor; }
.timeline-note { font-size: 0.8rem; color: var(--muted); margin-bottom: 1rem; }
.step { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin-bottom: 0.6rem;
  content-visibility: auto; contain-intrinsic-size: auto 3rem; }
.step.error { border-left: 4px solid var(--error); }
.step > summary { display: grid; grid-template-columns: 1rem 4.5rem 6.5rem minmax(0, 1fr) 8rem 5rem; gap: 0.75rem;
  align-items: center; padding: 0.65rem 1.1rem; cursor: pointer; list-style: none; border-radius: 10px; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "▸"; color: var(--muted); }
details[open] > summary::before { content: "▾"; }
.step > summary:hover { background: var(--inset); }
.step .badge { justify-self: start; }
.excerpt { color: var(--muted); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.span { height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; }
.span span { display: block; height: 100%; min-width: 2px; border-radius: 3px; background: var(--muted); }
.step-body { padding: 0 1.1rem 1.2rem; border-top: 1px solid var(--line); scroll-margin-top: 4rem; }
.code { counter-reset: line; padding-left: 0; padding-right: 0; }
.line { display: block; position: relative; padding: 0 0.9rem 0 4rem; color: inherit; background: none; min-height: 1.5em; }
.line::before { counter-increment: line; content: counter(line); position: absolute; left: 0; width: 3rem;
  text-align: right; color: var(--muted); }
mark.line { background: var(--error-soft); box-shadow: inset 4px 0 var(--error); }
mark.line::before { color: var(--error); font-weight: 600; }
.error-line { color: var(--error); font-weight: 600; margin-bottom: 0.5rem; }
.note { margin-top: 0.9rem; padding: 0.5rem 0.9rem; border-radius: 6px; background: var(--warn-soft); color: var(--warn);
  font-size: 0.9rem; }
.call { border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.9rem; margin-bottom: 0.4rem; }
.call summary { cursor: pointer; list-style: none; font-size: 0.88rem; }
.call summary::before { margin-right: 0.5rem; }
footer { margin-top: 3rem; color: var(--muted); font-size: 0.8rem; }
@media (max-width: 46rem) {
  body { padding: 1.5rem 1rem 3rem; }
  .step > summary { grid-template-columns: 1rem auto auto 1fr; }
  .step > summary .excerpt, .step > summary .span { display: none; }
  .variables th:nth-child(4), .variables td:nth-child(4) { display: none; }
}
@media print {
  :root { --page: #fff; --inset: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .skip { display: none; }
  .step { content-visibility: visible; }
  .step, .card { break-inside: auto; }
  pre.long { max-height: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  * { print-color-adjust: exact; }
}
`;
