// One step of an exported page: folded to one line, open when it failed.

import type { ModelAnswered } from '../core/event';
import type { StepError, VariableChange } from '../core/sandbox';
import { type StepRecord, toVerdict } from './exportedTrace';
import { type Html, markup } from './html';
import {
  stopWords,
  toCountText,
  toDurationText,
  toOutcomeNotes,
  toPercent,
  toPluralText,
  toTimeText,
  verdictWords,
} from './wording';

/** `longestMs` is the duration that fills the step's bar. */
export function toStepHtml(record: StepRecord, longestMs: number): Html {
  const { step, code, outcome, startedAt, stop, calls } = record;
  const verdict = toVerdict(record);
  const title = step === 0 ? 'Before' : `Step ${step}`;
  return markup`<details class="step ${verdict}"${verdict === 'error' ? markup` open` : null}>
    <summary>
      <h3>${title}</h3>
      <span class="badge badge-${verdict}">${verdictWords[verdict]}</span>
      <span class="excerpt mono">${toExcerpt(record)}</span>
      ${outcome ? toSpanHtml(outcome.durationMs, longestMs) : markup`<span></span>`}
      <span class="number muted">${outcome ? toDurationText(outcome.durationMs) : ''}</span>
    </summary>
    <div class="step-body" id="step-${step}">
      ${startedAt === null ? null : markup`<h4>Code, started ${toTimeText(startedAt)}</h4>`}
      ${code === null ? null : toCodeHtml(code, outcome?.error?.line ?? null)}
      ${toTextHtml('Output', outcome?.stdout ?? '')}
      ${toTextHtml('Error output', outcome?.stderr ?? '')}
      ${toTextHtml('Result', outcome?.result ?? '')}
      ${outcome?.error ? toErrorHtml(outcome.error) : null}
      ${outcome ? toOutcomeNotes(outcome).map((note) => markup`<p class="note">${note}</p>`) : null}
      ${stop === null ? null : markup`<p class="note">The session was stopped ${stopWords[stop]}.</p>`}
      ${toChangesHtml(outcome?.changes ?? [])}
      ${
        calls.length === 0
          ? null
          : markup`<h4>Sub-model calls</h4>
              ${calls.map(toCallHtml)}`
      }
    </div>
  </details>`;
}

function toExcerpt({ code, calls }: StepRecord): string {
  const lines = (code ?? '').split('\n', 40).map((line) => line.trim());
  const telling = lines.find((line) => line !== '' && !/^(#|\/\/|import |from )/u.test(line));
  return code === null
    ? toPluralText(calls.length, 'sub-model call')
    : (telling ?? '').slice(0, 160);
}

function toSpanHtml(durationMs: number, longestMs: number): Html {
  const width = toPercent(durationMs, longestMs).toFixed(1);
  return markup`<span class="span" aria-hidden="true"><span style="width:${width}%"></span></span>`;
}

function toCodeHtml(code: string, failingLine: number | null): Html {
  const lines = code.replace(/\r\n?/gu, '\n').split('\n');
  return markup`<pre class="code"><code>${lines.map((line, index) =>
    index + 1 === failingLine
      ? markup`<mark class="line">${line}\n</mark>`
      : markup`<span class="line">${line}\n</span>`,
  )}</code></pre>`;
}

function toTextHtml(label: string, text: string): Html | null {
  if (text === '') {
    return null;
  }
  return markup`<h4>${label}</h4>
    ${toPreHtml(label, text)}`;
}

/** A long text scrolls in its own box, which the keyboard must then reach. */
function toPreHtml(label: string, text: string): Html {
  const isLong = text.length > 4_000 || text.split('\n', 31).length > 30;
  return isLong
    ? markup`<pre class="long" tabindex="0" role="region" aria-label="${label}">\n${text}</pre>`
    : markup`<pre>\n${text}</pre>`; // a parser drops the first line feed, so it must not be the text's
}

function toErrorHtml({ type, message, line, traceback }: StepError): Html {
  return markup`<h4>Error</h4>
    <p class="error-line">${type}: ${message}${line === null ? null : ` (line ${line})`}</p>
    ${traceback === '' ? null : toPreHtml('Traceback', traceback)}`;
}

function toChangesHtml(changes: readonly VariableChange[]): Html | null {
  if (changes.length === 0) {
    return null;
  }
  return markup`<h4>Variables</h4>
    <table class="variables">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Change</th>
          <th scope="col">Type</th>
          <th scope="col" class="number">Size</th>
          <th scope="col">Preview</th>
        </tr>
      </thead>
      <tbody>
        ${changes.map(
          ({ name, change, type, size, preview }) =>
            markup`<tr>
              <td class="mono">${name}</td>
              <td>${change}</td>
              <td>${type}</td>
              <td class="number">${size === null ? '' : toCountText(size)}</td>
              <td class="mono">${preview}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function toCallHtml(event: ModelAnswered): Html {
  const { call, model, prompt, promptChars, answer, error } = event;
  const tokens = `${toCountText(event.promptTokens)} + ${toPluralText(event.answerTokens, 'token')}`;
  const cut =
    promptChars > prompt.length
      ? `, first ${toCountText(prompt.length)} of ${toCountText(promptChars)} characters`
      : '';
  return markup`<details class="call">
    <summary>
      Call ${call + 1}
      <span class="muted">${model}, ${toDurationText(event.durationMs)}, ${tokens}</span>${
        answer === null ? markup` <span class="badge badge-error">Failed</span>` : null
      }
    </summary>
    <h4>Prompt${cut}</h4>
    ${toPreHtml('Prompt', prompt)}
    ${
      answer === null
        ? markup`<h4>Error</h4>
            <p class="error-line">${error ?? 'No answer.'}</p>`
        : markup`<h4>Answer</h4>
            ${toPreHtml('Answer', answer)}`
    }
  </details>`;
}
