// What a person can ask of a REPL besides running code.

import path from 'node:path';
import type { Engine } from '../../core/engine';
import { limitRanges } from '../../core/limits';
import type { VariableInfo } from '../../core/sandbox';
import type { Session } from '../../core/session';
import { type ExportFormat, exportFormats } from '../../export/exportTrace';
import { toUnreadableText } from '../../export/wording';
import type { Cli, CliRuntime } from '../cli';
import { usageError } from '../failure';
import { renderContext } from '../render/context';
import { renderEvent } from '../render/event';
import { toPrintable } from '../render/printable';
import { renderVariable } from '../render/step';
import { toCountText } from '../render/words';
import { readWholeTrace } from '../traces';
import { writeNewFile } from '../writeNewFile';

/** What the commands see of the REPL. */
export interface ReplView {
  readonly parts: ReplParts;
  /** The code's own variables after the last step. */
  readonly variables: ReadonlyMap<string, VariableInfo>;
  /** What the code last gave to FINAL. */
  readonly lastAnswer: string | null;
  leave(): void;
}

export interface ReplParts {
  readonly engine: Pick<Engine, 'traces'>;
  readonly session: Session;
  readonly runtime: Pick<CliRuntime, 'exportTrace'>;
  readonly cli: Pick<Cli, 'terminal' | 'interrupts' | 'cwd'>;
}

interface DotCommand {
  readonly usage: string;
  readonly help: string;
  readonly run: (repl: ReplView, rest: string, signal: AbortSignal) => Promise<void> | void;
}

const shownChars = 4_000;

const dotCommands: Readonly<Record<string, DotCommand>> = {
  help: { usage: '.help', help: 'list these commands', run: (repl) => printHelp(repl) },
  vars: { usage: '.vars', help: 'list the variables', run: (repl) => printVariables(repl) },
  get: { usage: '.get NAME', help: "print a variable's value", run: printVariable },
  add: { usage: '.add PATH', help: 'load more text into a variable of its own', run: addContext },
  trace: { usage: '.trace', help: 'show what happened so far', run: (repl) => printTrace(repl) },
  limits: {
    usage: '.limits',
    help: 'show the guardrails and their use',
    run: (repl) => printLimits(repl),
  },
  finalize: {
    usage: '.finalize TEXT',
    help: 'end the session with an answer (default: what FINAL was given)',
    run: finalize,
  },
  export: {
    usage: '.export html FILE',
    help: `write the trace (${exportFormats.join(', ')})`,
    run: exportTrace,
  },
  exit: { usage: '.exit', help: 'leave', run: (repl) => repl.leave() },
};

/** `.5` and `.then()` are code. */
export function isDotCommand(line: string): boolean {
  return /^\.[a-z]+(?:\s|$)/u.test(line);
}

/** @throws RlmError 'INVALID_INPUT' for an unknown command, and those of the session. */
export async function runDotCommand(
  line: string,
  repl: ReplView,
  signal: AbortSignal,
): Promise<void> {
  const [, name = ''] = /^\.([a-z]+)/u.exec(line.trim()) ?? [];
  const rest = line
    .trim()
    .slice(1 + name.length)
    .trim();
  const command = Object.hasOwn(dotCommands, name) ? dotCommands[name] : undefined;
  if (!command) {
    throw usageError(`There is no command .${name}.`, '.help lists the commands.');
  }
  await command.run(repl, rest, signal);
}

function printHelp(repl: ReplView): void {
  const { terminal } = repl.parts.cli;
  for (const { usage, help } of Object.values(dotCommands)) {
    terminal.print(`${usage.padEnd(20)}${terminal.style.dim(help)}`);
  }
  terminal.print(
    terminal.style.dim(
      'In the code: SHOW_VARS() lists what is there; grep, search and chunk look into context.',
    ),
  );
}

function printVariables(repl: ReplView): void {
  const { terminal } = repl.parts.cli;
  for (const { variable, totalChars } of repl.parts.session.summary.contexts) {
    terminal.print(terminal.style.dim(`${variable}: ${toCountText(totalChars)} characters`));
  }
  const sorted = [...repl.variables.values()].sort((left, right) =>
    left.name < right.name ? -1 : 1,
  );
  for (const variable of sorted) {
    terminal.print(renderVariable(variable));
  }
}

async function printVariable(repl: ReplView, name: string, signal: AbortSignal): Promise<void> {
  const { terminal } = repl.parts.cli;
  const value = await repl.parts.session.readVariable(
    { name: required(name, '.get NAME'), offset: 0, maxChars: shownChars },
    signal,
  );
  terminal.print(toPrintable(value.text));
  if (value.incomplete !== null) {
    terminal.print(terminal.style.dim(`Not whole: ${toPrintable(value.incomplete)}`));
  }
  if (value.totalChars > shownChars) {
    const all = toCountText(value.totalChars);
    terminal.print(
      terminal.style.dim(`… the first ${toCountText(shownChars)} of ${all} characters`),
    );
  }
}

async function addContext(repl: ReplView, file: string, signal: AbortSignal): Promise<void> {
  const { terminal } = repl.parts.cli;
  const given = { text: null, paths: [required(file, '.add PATH')] };
  const context = await repl.parts.session.addContext(given, {}, signal);
  terminal.print(renderContext(context, terminal.style));
}

async function printTrace({ parts }: ReplView): Promise<void> {
  const { terminal } = parts.cli;
  const { events, readUnreadable } = readWholeTrace(parts.engine.traces, parts.session.id);
  for await (const event of events) {
    await terminal.write(`${renderEvent(event, terminal.style)}\n`);
  }
  const unreadable = readUnreadable?.() ?? [];
  if (unreadable.length > 0) {
    terminal.print(terminal.style.yellow(toUnreadableText(unreadable)));
  }
}

function printLimits({ parts }: ReplView): void {
  const { limits } = parts.session.seed;
  const { usage, createdAt } = parts.session.summary;
  const used: Partial<Record<keyof typeof limits, number>> = {
    maxSteps: usage.steps,
    maxRuntimeMs: Math.round(usage.runtimeMs),
    budgetLimit: usage.budgetUsed,
    maxSessionMs: Date.now() - createdAt,
  };
  for (const name of Object.keys(limitRanges) as (keyof typeof limits)[]) {
    const spent = used[name];
    const limit = toCountText(limits[name]);
    const text = spent === undefined ? limit : `${toCountText(spent)} of ${limit}`;
    const wireName = name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
    parts.cli.terminal.print(`${wireName.padEnd(18)}${text}`);
  }
}

async function finalize(repl: ReplView, text: string, signal: AbortSignal): Promise<void> {
  const answer = text === '' ? repl.lastAnswer : text;
  const summary = await repl.parts.session.finalize(
    { text: required(answer ?? '', '.finalize TEXT') },
    signal,
  );
  repl.parts.cli.terminal.print(`Finalized: ${toPrintable(summary.finalAnswer ?? '')}`);
}

async function exportTrace({ parts }: ReplView, rest: string): Promise<void> {
  const [format = ''] = rest.split(/\s/u, 1);
  const file = rest.slice(format.length).trim();
  if (!isExportFormat(format) || file === '') {
    throw usageError(
      `.export takes a format and a file.`,
      `Write .export ${exportFormats.join('|')} FILE.`,
    );
  }
  const { summary } = parts.session;
  const whole = readWholeTrace(parts.engine.traces, parts.session.id);
  const document = parts.runtime.exportTrace(format, { summary, ...whole });
  const written = await writeNewFile(path.normalize(file), document, {
    cwd: parts.cli.cwd,
    mayReplace: false,
    whenThere: 'Choose another name.',
  });
  parts.cli.terminal.print(written);
}

function isExportFormat(text: string): text is ExportFormat {
  return (exportFormats as readonly string[]).includes(text); // widened to ask
}

function required(text: string, usage: string): string {
  if (text === '') {
    throw usageError('Something is missing after the command.', `Write ${usage}.`);
  }
  return text;
}
