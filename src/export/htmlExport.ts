// A trace as one HTML page that stands alone: no script, nothing loaded, every text escaped.

import type { ContextInfo } from '../core/context';
import type { Summary } from '../core/summary';
import { type ExportedTrace, type StepRecord, toSteps, toVerdict } from './exportedTrace';
import { Html, markup } from './html';
import { toStepHtml } from './htmlStep';
import { pageStyle } from './htmlStyle';
import {
  type Gauge,
  languageWords,
  statusWords,
  toCountText,
  toDurationText,
  toGauges,
  toPercent,
  toPluralText,
  toStatusSentence,
  toTimeText,
} from './wording';

export function toHtmlExport({ summary, events }: ExportedTrace): string {
  const title = summary.title === '' ? 'Untitled session' : summary.title;
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <style>
          ${new Html(pageStyle)}
        </style>
      </head>
      <body>
        <a class="skip" href="#steps">Skip to the steps</a>
        ${toHeaderHtml(summary, title)}
        <main>
          ${toAnswerHtml(summary)}
          <section aria-labelledby="guardrails">
            <h2 id="guardrails">Guardrails</h2>
            <ul class="gauges card">
              ${toGauges(summary.limits, summary.usage).map(toGaugeHtml)}
            </ul>
          </section>
          <section aria-labelledby="contexts">
            <h2 id="contexts">Contexts</h2>
            <div class="card">
              ${
                summary.contexts.length === 0
                  ? markup`<p class="muted">No context was loaded.</p>`
                  : summary.contexts.map(toContextHtml)
              }
            </div>
          </section>
          ${toStepsHtml(toSteps(events))}
        </main>
        <footer>Exported by RLM Companion. This page holds no script and loads nothing.</footer>
      </body>
    </html>
`.text;
}

function toHeaderHtml(summary: Summary, title: string): Html {
  const facts: (readonly [string, string | Html])[] = [
    ['Language', languageWords[summary.language]],
    ['Opened', toTimeText(summary.createdAt)],
    ['Open for', toDurationText(Math.max(0, summary.updatedAt - summary.createdAt))],
    ['Session', markup`<span class="mono">${summary.sessionId}</span>`],
  ];
  if (summary.parentSessionId !== null) {
    const parent = markup`<span class="mono">${summary.parentSessionId}</span>, depth ${summary.depth}`;
    facts.push(['Parent session', parent]);
  }
  return markup`<header>
    <p class="eyebrow">RLM Companion session trace</p>
    <h1>${title}</h1>
    <p class="standing">
      <span class="badge badge-${summary.status}">${statusWords[summary.status]}</span>
      <span>${toStatusSentence(summary)}</span>
    </p>
    <dl class="facts">
      ${facts.map(
        ([name, value]) =>
          markup`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </header>`;
}

function toAnswerHtml({ finalAnswer }: Summary): Html | null {
  if (finalAnswer === null) {
    return null;
  }
  // Columns made with spaces stand only in a font of one width; prose reads better in another.
  const font = / {2}\S/u.test(finalAnswer) ? 'aligned' : 'prose';
  return markup`<section class="answer card" aria-labelledby="answer">
        <h2 id="answer">Final answer</h2>
        <pre class="${font}">\n${finalAnswer}</pre>
      </section>`;
}

function toGaugeHtml({ name, used, allowed, text }: Gauge): Html {
  const percent = toPercent(used, allowed);
  const level = percent >= 100 ? ' full' : percent >= 80 ? ' high' : '';
  return markup`<li>
    <div class="gauge-head"><span>${name}</span><span>${text}</span></div>
    <div
      class="meter${level}"
      role="meter"
      aria-label="${name}"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow="${Math.round(percent)}"
      aria-valuetext="${text}"
    >
      ${used > 0 ? markup`<span style="width:${percent.toFixed(1)}%"></span>` : null}
    </div>
  </li>`;
}

function toContextHtml(context: ContextInfo): Html {
  const { sources, sourceCount, skipped, skippedCount } = context;
  const size = [
    toPluralText(sourceCount, context.kind === 'text' ? 'text' : 'file'),
    toPluralText(context.totalChars, 'character'),
    toPluralText(context.totalLines, 'line'),
  ].join(', ');
  return markup`<div class="context">
    <h3 class="mono">${context.variable}</h3>
    <p class="muted">${size}</p>
    ${
      sources.length === 0
        ? null
        : markup`<table>
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col" class="number">Characters</th>
              </tr>
            </thead>
            <tbody>
              ${sources.map(
                ({ path, chars }) =>
                  markup`<tr>
                    <td class="mono">${path}</td>
                    <td class="number">${toCountText(chars)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }
    ${toMoreHtml(sourceCount - sources.length, 'more')}
    ${
      skipped.length === 0
        ? null
        : markup`<table>
            <thead>
              <tr>
                <th scope="col">Skipped</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              ${skipped.map(
                ({ path, reason }) =>
                  markup`<tr>
                    <td class="mono">${path}</td>
                    <td>${reason}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }
    ${toMoreHtml(skippedCount - skipped.length, 'more skipped')}
  </div>`;
}

function toMoreHtml(count: number, what: string): Html | null {
  return count > 0 ? markup`<p class="muted">and ${toCountText(count)} ${what}</p>` : null;
}

function toStepsHtml(steps: readonly StepRecord[]): Html {
  const durations = steps.map((step) => step.outcome?.durationMs ?? 0);
  const longestMs = durations.reduce((longest, ms) => Math.max(longest, ms), 0);
  return markup`<section aria-labelledby="steps">
    <h2 id="steps">Steps</h2>
    ${
      steps.length === 0
        ? markup`<p class="card muted">No step was run.</p>`
        : [toTimelineHtml(steps, durations), ...steps.map((step) => toStepHtml(step, longestMs))]
    }
  </section>`;
}

/** For the eye only: the steps below say the same to a screen reader and to the keyboard. */
function toTimelineHtml(steps: readonly StepRecord[], durations: readonly number[]): Html {
  const totalMs = durations.reduce((total, ms) => total + ms, 0);
  const failed = steps.filter((step) => toVerdict(step) === 'error').length;
  const bars = steps.map((step, index) => {
    const ms = durations[index] ?? 0;
    const share = Math.max(toPercent(ms, totalMs), 0.2);
    const width = `flex-grow:${share.toFixed(2)}`;
    const tip = `Step ${step.step}: ${toDurationText(ms)}`;
    const label = share >= 2.5 ? step.step : null;
    return markup`<a class="${toVerdict(step)}" href="#step-${step.step}" tabindex="-1" style="${width}" title="${tip}">${label}</a>`;
  });
  return markup`<div class="timeline${steps.length > 100 ? ' dense' : ''}" aria-hidden="true">${bars}</div>
    <p class="timeline-note">
      ${toPluralText(steps.length, 'step')}, ${toCountText(failed)} failed,
      ${toDurationText(totalMs)} of run time; width is time.
    </p>
    `;
}
