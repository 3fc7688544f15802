// The REPL a person types at: reads lines, runs them as steps, shows what came back.

import { createInterface, type Interface } from 'node:readline';
import { dropByteOrderMark } from '../../base/text';
import { toRlmError } from '../../core/errors';
import { toHandedIn } from '../../core/offeredAnswer';
import type { Outcome, VariableInfo } from '../../core/sandbox';
import { toFailureText } from '../failure';
import { renderContext, renderPreview } from '../render/context';
import { renderGauge } from '../render/gauge';
import { renderStep } from '../render/step';
import { toPrintable } from '../render/printable';
import { readAllEvents } from '../traces';
import { needsMoreLines } from './continuation';
import { isDotCommand, type ReplParts, type ReplView, runDotCommand } from './dotCommands';
import { historySize, readHistory, writeHistory } from './history';
import { notTaken } from './runCode';
import { TypedLines } from './typedLines';

/** Returns when the person leaves; the session is then still open. */
export async function runRepl(parts: ReplParts): Promise<void> {
  const { terminal } = parts.cli;
  const home = parts.engine.traces.location;
  const lines = createInterface({
    input: terminal.input,
    output: terminal.output,
    terminal: terminal.isInteractive,
    history: [...(await readHistory(home))],
    historySize,
    removeHistoryDuplicates: true,
  });
  let history: readonly string[] = [];
  lines.on('history', (now: string[]) => {
    history = [...now];
  });
  try {
    await new Repl(parts, lines).run();
  } finally {
    lines.close();
    if (history.length > 0) {
      await writeHistory(home, history);
    }
  }
}

class Repl implements ReplView {
  readonly parts: ReplParts;
  readonly variables = new Map<string, VariableInfo>();
  lastAnswer: string | null = null;
  readonly #lines: Interface;
  readonly #waiting = new TypedLines();
  #abort = new AbortController();
  #typed: string[] = [];
  #isRunning = false;
  #wasWarned = false;
  #hasLeft = false;
  #isClosed = false;

  /** Keeps what is typed from here on, also before the first prompt. */
  constructor(parts: ReplParts, lines: Interface) {
    this.parts = parts;
    this.#lines = lines;
    lines.on('line', (line) => this.#waiting.add(line));
    lines.on('close', () => {
      this.#isClosed = true;
      this.#waiting.end();
    });
  }

  async run(): Promise<void> {
    await this.#readEarlierSteps();
    this.#printBanner();
    const interrupting = this.parts.cli.interrupts.listen(() => this.#interrupt());
    this.#lines.on('SIGINT', () => this.#interrupt());
    try {
      this.#prompt();
      for (
        let line = await this.#waiting.next();
        line !== null;
        line = await this.#waiting.next()
      ) {
        this.#wasWarned = false;
        await this.#take(line);
        if (this.#hasLeft) {
          return;
        }
        this.#prompt();
      }
      this.parts.cli.terminal.print();
      await this.#runTyped(); // the end of what is typed also ends a block
    } finally {
      interrupting.dispose();
    }
  }

  leave(): void {
    this.#hasLeft = true;
  }

  async #take(typed: string): Promise<void> {
    const line = this.#typed.length === 0 ? dropByteOrderMark(typed) : typed;
    if (this.#typed.length === 0 && isDotCommand(line)) {
      return this.#attempt((signal) => runDotCommand(line, this, signal));
    }
    this.#typed.push(line);
    if (!needsMoreLines(this.#typed.join('\n'), this.parts.session.seed.language)) {
      await this.#runTyped();
    }
  }

  async #runTyped(): Promise<void> {
    const code = this.#typed.join('\n');
    this.#typed = [];
    if (code.trim() !== '') {
      await this.#attempt((signal) => this.#runStep(code, signal));
    }
  }

  async #runStep(code: string, signal: AbortSignal): Promise<void> {
    const { session, cli } = this.parts;
    const { style } = cli.terminal;
    const { outcome, stop, usage } = await session.runStep({ code }, signal);
    const shown = renderStep(outcome, style);
    if (shown !== '') {
      cli.terminal.print(shown);
    }
    this.#note(outcome);
    const answer = toHandedIn(outcome);
    if (answer !== null) {
      cli.terminal.print(style.green('Final answer: ') + toPrintable(answer));
      cli.terminal.print(style.dim('.finalize records it and ends the session.'));
    } else if (outcome.finalAnswer !== null) {
      cli.terminal.print(style.yellow(notTaken));
    }
    cli.terminal.print(renderGauge(usage, session.seed.limits, style));
    if (stop !== null) {
      cli.terminal.print(
        style.yellow(`Guardrail ${stop} stopped the session; .get, .trace and .export still work.`),
      );
    }
  }

  /** A session that was resumed or forked has variables already. */
  async #readEarlierSteps(): Promise<void> {
    for await (const event of readAllEvents(this.parts.engine.traces, this.parts.session.id)) {
      if (event.kind === 'step.finished') {
        this.#note(event.outcome);
      }
    }
  }

  #note(outcome: Outcome): void {
    if (outcome.stateLost) {
      this.variables.clear();
    }
    for (const change of outcome.changes) {
      if (change.change === 'removed') {
        this.variables.delete(change.name);
      } else {
        this.variables.set(change.name, change);
      }
    }
    this.lastAnswer = toHandedIn(outcome) ?? this.lastAnswer;
  }

  async #attempt(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { terminal } = this.parts.cli;
    this.#abort = new AbortController();
    this.#isRunning = true;
    try {
      await run(this.#abort.signal);
    } catch (thrown) {
      terminal.printError(toFailureText(toRlmError(thrown), terminal));
    } finally {
      this.#isRunning = false;
    }
  }

  #interrupt(): void {
    const { terminal } = this.parts.cli;
    this.#waiting.clear();
    if (this.#isRunning) {
      this.#abort.abort();
      return;
    }
    const isEmpty = this.#typed.length === 0 && this.#lines.line === '';
    if (isEmpty && this.#wasWarned) {
      this.#lines.close();
      return;
    }
    this.#wasWarned = isEmpty;
    this.#typed = [];
    this.#lines.write(null, { ctrl: true, name: 'e' });
    this.#lines.write(null, { ctrl: true, name: 'u' });
    terminal.print(isEmpty ? terminal.style.dim('\n(Ctrl+C again or Ctrl+D leaves)') : '');
    this.#prompt();
  }

  #prompt(): void {
    if (this.#isClosed) {
      return; // the input ended while a step ran
    }
    const name = this.parts.session.seed.language === 'python' ? 'py' : 'js';
    this.#lines.setPrompt(this.#typed.length > 0 ? '... ' : `${name}> `);
    this.#lines.prompt();
  }

  #printBanner(): void {
    const { session, cli } = this.parts;
    const { style, columns } = cli.terminal;
    for (const context of session.summary.contexts) {
      cli.terminal.print(renderContext(context, style));
      cli.terminal.print(renderPreview(context, columns, style));
    }
    cli.terminal.print(style.dim(`Session ${session.id} · .help lists commands · Ctrl+D leaves`));
  }
}
