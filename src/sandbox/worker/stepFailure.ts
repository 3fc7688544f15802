// What a step's error says to people: its type, message, the line in the step, and only those frames
// of its stack that are the session's own code.

import type { GuestOutcome } from '../../protocol/worker';

export type StepFailure = NonNullable<GuestOutcome['error']>;

/** An error as the guest describes it. */
export interface GuestError {
  readonly type: string;
  readonly message: string;
  /** The engine's own format, `    at name (<step 1>:2:3)`; empty for what is no error. */
  readonly stack: string;
}

const maxMessageChars = 20_000;
const maxTracebackChars = 20_000;
const frame = /^\s*at (?:(.*) \()?<step (\d+)>:(\d+)/;

export function toStepFailure(error: GuestError, step: number): StepFailure {
  const frames = error.stack
    .split('\n')
    .map((line) => frame.exec(line))
    .filter((match) => match !== null);
  const own = frames.find((match) => match[2] === String(step));
  const lines = frames.map(([, name, ofStep, line]) => {
    const place = `<step ${ofStep}>:${line}`;
    return name === undefined || name === '<eval>'
      ? `    at ${place}`
      : `    at ${name} (${place})`;
  });
  const message = error.message.slice(0, maxMessageChars);
  const header = message === '' ? error.type : `${error.type}: ${message}`;
  return {
    type: error.type.slice(0, 200),
    message,
    line: own === undefined ? null : Number(own[3]),
    traceback: [header, ...lines].join('\n').slice(0, maxTracebackChars),
  };
}

/** A failure without a place in the code. */
export function createFailure(type: string, message: string): StepFailure {
  return { type, message, line: null, traceback: `${type}: ${message}` };
}

/** For code that the step's rewriting refused. */
export function createSyntaxFailure(
  refused: { readonly message: string; readonly line: number | null },
  step: number,
): StepFailure {
  const { message, line } = refused;
  const place = line === null ? `<step ${step}>` : `<step ${step}>:${line}`;
  const traceback = `SyntaxError: ${message}\n    at ${place}`;
  return { type: 'SyntaxError', message, line, traceback };
}
