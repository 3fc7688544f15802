// What a step's error says to people: its type, message, the line in the step, and only those frames
// of its stack that are the session's own code.

import { cutMiddle, cutText, toCutMark } from '../../base/text';
import type { GuestOutcome } from '../../protocol/worker';

export type StepFailure = NonNullable<GuestOutcome['error']>;

/** An error as the guest describes it. */
export interface GuestError {
  readonly type: string;
  /** Cut to what is told of a message. */
  readonly message: string;
  /** UTF-16 units of the whole message. */
  readonly messageChars: number;
  /** The engine's own format, `    at name (<step 1>:2:3)`; empty for what is no error. */
  readonly stack: string;
  readonly place: {
    /** The stack of the `throw`, where the code has one; else empty. */
    readonly thrownAt: string;
    /** It was not caught before. */
    readonly isThrownNew: boolean;
    /** Of the statement or await, outside all functions, that the code was at. */
    readonly topLine: number | null;
  };
}

/** As Python's: whole, they always fit into a reply beside what a step printed. The guest cuts messages shorter. */
const maxMessageChars = 8_000;
const maxTracebackChars = 8_000;
const frame = /^\s*at (?:(.*) \()?<step (\d+)>:(\d+)/;

export function toStepFailure(error: GuestError, step: number): StepFailure {
  const { thrownAt, isThrownNew, topLine } = error.place;
  const stack = framesOf(error.stack);
  const thrown = framesOf(thrownAt);
  // An error that is made first and thrown later fails the step where it is thrown.
  const order = isThrownNew ? [...thrown, ...stack] : [...stack, ...thrown];
  const own = order.find((one) => one.step === step);
  const kept = cutText(error.message, maxMessageChars).text;
  const leftOut = error.messageChars - kept.length;
  const message = leftOut > 0 ? kept + toCutMark(leftOut) : kept;
  const header = message === '' ? error.type : `${error.type}: ${message}`;
  const frames = stack.length > 0 ? stack : thrown;
  const isElsewhere = stack.length > 0 && thrown.some((one) => !isAmong(stack, one));
  const lines = [
    header,
    ...(frames.length > maxFrames ? abridge(frames) : frames.map(toLine)),
    ...(isElsewhere ? ['thrown', ...thrown.map(toLine)] : []),
  ];
  return {
    type: error.type.slice(0, 200),
    message,
    line: own?.line ?? topLine,
    traceback: cutMiddle(lines.join('\n'), maxTracebackChars),
  };
}

interface Frame {
  readonly name: string | undefined;
  readonly step: number;
  readonly line: number;
}

const maxFrames = 100;

function framesOf(stack: string): Frame[] {
  return stack
    .split('\n')
    .map((line) => frame.exec(line))
    .filter((match) => match !== null)
    .map(([, name, step, line]) => ({ name, step: Number(step), line: Number(line) }));
}

function isAmong(frames: readonly Frame[], one: Frame): boolean {
  return frames.some((other) => other.step === one.step && other.line === one.line);
}

function toLine({ name, step, line }: Frame): string {
  const place = `<step ${step}>:${line}`;
  return name === undefined || name === '<eval>' ? `    at ${place}` : `    at ${name} (${place})`;
}

/** Both ends of a deep recursion: where it failed, and where it was called. */
function abridge(frames: readonly Frame[]): string[] {
  const half = maxFrames / 2;
  return [
    ...frames.slice(0, half).map(toLine),
    `    … ${frames.length - maxFrames} more`,
    ...frames.slice(-half).map(toLine),
  ];
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
