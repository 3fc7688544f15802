// What one step produced, as the REPL and the trace show it.

import { toOneLine } from '../../base/text';
import { toNetworkText } from '../../core/networkRecord';
import { toShownTexts } from '../../core/shownTexts';
import {
  type Outcome,
  type VariableChange,
  type VariableInfo,
  outputFields,
} from '../../core/sandbox';
import { toPrintable } from './printable';
import type { Style } from './style';
import { toCountText } from './words';

const changeMarks = { added: '+', changed: '~', removed: '-' } as const;
const shownChanges = 8;
const previewChars = 80;

/** Without a trailing line feed; empty for a step that showed nothing. */
export function renderStep(outcome: Outcome, style: Style): string {
  const { stdout, stderr, result } = toShownTexts(outcome);
  const parts = [
    toPrintable(trimEnd(stdout)),
    style.yellow(toPrintable(trimEnd(stderr))),
    toPrintable(result ?? ''),
    renderError(outcome, style),
    renderChanges(outcome.changes, style),
    outcome.network ? style.dim(toPrintable(`network: ${toNetworkText(outcome.network)}`)) : '',
  ];
  return parts.filter((part) => part !== '').join('\n');
}

export function renderError({ error, stateLost, interruption }: Outcome, style: Style): string {
  const lines: string[] = [];
  if (error) {
    const traceback = trimEnd(error.traceback);
    const told = traceback !== '' && traceback.includes(error.message);
    const parts = told ? [traceback] : [traceback, `${error.type}: ${error.message}`];
    lines.push(style.red(toPrintable(parts.filter((part) => part !== '').join('\n'))));
  } else if (interruption === 'cancelled') {
    lines.push(style.yellow('Interrupted.'));
  }
  if (stateLost) {
    lines.push(style.red('The code did not let go: all variables but the contexts are gone.'));
  }
  return lines.join('\n');
}

/** For output that a program reads, and that carries no marks therefore. */
export function renderDropped({ dropped, abridged }: Outcome, style: Style): string {
  const cut = outputFields
    .filter((name) => dropped[name] > 0)
    .map((name) => `${name}: … ${toCountText(dropped[name])} more characters were dropped`);
  const parts = abridged.map((name) => `${name}: a value is shown in part`);
  return [...cut, ...parts].map((line) => style.dim(line)).join('\n');
}

export function renderChanges(changes: readonly VariableChange[], style: Style): string {
  const lines = changes
    .slice(0, shownChanges)
    .map((change) =>
      style.dim(
        change.change === 'removed'
          ? `- ${toPrintable(change.name)}`
          : `${changeMarks[change.change]} ${renderVariable(change)}`,
      ),
    );
  if (changes.length > shownChanges) {
    lines.push(style.dim(`  and ${changes.length - shownChanges} more; .vars lists all`));
  }
  return lines.join('\n');
}

/** `name  type(size)  preview` in one line. */
export function renderVariable({ name, type, size, preview }: VariableInfo): string {
  const kind = size === null ? type : `${type}(${toCountText(size)})`;
  return toPrintable(`${name}: ${kind} ${toOneLine(preview, previewChars)}`.trimEnd());
}

/** A loop, since a pattern tries anew at every line feed of a long run. */
function trimEnd(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\n') {
    end -= 1;
  }
  return text.slice(0, end);
}
