// Runs the tests of a program that a run has written, in the sandbox, on the very code that is returned.

import * as z from 'zod';
import { cutMiddle } from '../base/text';
import { RlmError } from '../core/errors';
import type { LoopProgram } from '../core/loop';
import checkJavascript from './checkProgram.js.txt';
import checkPython from './checkProgram.py.txt';
import type { Session } from '../core/session';

const shownFailures = 5;
const failureChars = 600;

/** The sandbox's code is the model's: what it reports is checked like anything from outside. */
const recordSchema = z.object({
  code: z.string(),
  tests: z.array(z.object({ name: z.string(), code: z.string(), error: z.string().nullable() })),
});

export class ProgramCheck {
  readonly #session: Session;
  #last: LoopProgram | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** As it was checked last; null when there was none that could be checked. */
  get program(): LoopProgram | null {
    return this.#last;
  }

  /** Why the program cannot be taken, for the model; null: every test passed. */
  async run(signal: AbortSignal): Promise<string | null> {
    const code = this.#session.seed.language === 'python' ? checkPython : checkJavascript;
    const { outcome } = await this.#session.runStep({ code }, signal);
    if (outcome.interruption === 'timeout') {
      return 'The answer was not taken: the tests ran too long.';
    }
    if (outcome.error) {
      const { type, message } = outcome.error;
      return `The answer was not taken: ${type}: ${cutMiddle(message, failureChars)}`;
    }
    this.#last = parseRecord(outcome.finalAnswer ?? '');
    if (!this.#last) {
      return 'The answer was not taken: the tests left no record. Do not call FINAL or SUBMIT in `tests`.';
    }
    const failed = this.#last.tests.filter(({ error }) => error !== null);
    if (failed.length === 0) {
      return null;
    }
    const shown = failed
      .slice(0, shownFailures)
      .map(({ name, error }) => `- ${name}: ${cutMiddle(error ?? '', failureChars)}`);
    return [
      `The answer was not taken: ${failed.length} of ${this.#last.tests.length} tests failed.`,
      ...shown,
      ...(failed.length > shown.length ? [`- and ${failed.length - shown.length} more`] : []),
      'Correct the program, or a test that is wrong, and submit again.',
    ].join('\n');
  }

  /** The program as it stands when no more iterations are left; what cannot be checked is left out. */
  async runLast(signal: AbortSignal): Promise<LoopProgram | null> {
    try {
      await this.run(signal);
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof RlmError)) {
        throw thrown;
      }
    }
    return this.#last;
  }
}

function parseRecord(text: string): LoopProgram | null {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
