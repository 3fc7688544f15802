// Reads a trace on from where it was read to before. A position holds what stood before it, so that another trace in
// its place, or one that another engine has cut, is noticed.

import { RlmError } from '../core/errors';
import type { TraceEvent } from '../core/event';
import type { TracePiece } from '../core/traceStore';
import { readLines } from './lineReader';
import { toEvent } from './traceReader';
import type { TraceSegments } from './traceSegments';

/** A piece ends behind the line that reaches it. */
const maxPieceBytes = 2_000_000;
/** Holds the checksum of a line's end. */
const sealBytes = 32;

/** @throws RlmError 'INVALID_INPUT' for what is no position. */
export async function readPiece(
  trace: TraceSegments,
  position: string | null,
): Promise<TracePiece> {
  const { size } = await trace.stat();
  const known = position === null ? 0 : await findPosition(trace, position, size);
  const start = known ?? 0;
  const events: TraceEvent[] = [];
  let end = start;
  let unreadable = 0;
  let isEnd = true;
  for await (const line of readLines(trace, start, size)) {
    if (end - start >= maxPieceBytes) {
      isEnd = false;
      break;
    }
    end = line.nextOffset;
    const event = toEvent(line);
    if (event) {
      events.push(event);
    } else {
      unreadable += 1;
    }
  }
  const seal = await readSeal(trace, end);
  return {
    events,
    position: `${end}-${trace.generation}-${seal}`,
    ...{ isRestart: known === null, isEnd, unreadable },
  };
}

/** Null where the trace is not the one that it was given out for, grown. */
async function findPosition(
  trace: TraceSegments,
  position: string,
  size: number,
): Promise<number | null> {
  const [, offsetText, generation, seal] =
    /^(\d{1,15})-(\d{1,6})-([0-9a-f]{0,64})$/u.exec(position) ?? [];
  if (offsetText === undefined) {
    throw new RlmError('INVALID_INPUT', `"${position.slice(0, 80)}" is no position in a trace.`, {
      nextStep: 'Read the trace from its beginning.',
    });
  }
  const offset = Number(offsetText);
  const end = trace.findEnd(Number(generation)) ?? size;
  const isThere = offset <= Math.min(end, size) && (await readSeal(trace, offset)) === seal;
  return isThere ? offset : null;
}

async function readSeal(trace: TraceSegments, end: number): Promise<string> {
  const seal = Buffer.alloc(Math.min(sealBytes, end));
  let filled = 0;
  while (filled < seal.length) {
    const at = end - seal.length + filled;
    const { bytesRead } = await trace.read(seal, filled, seal.length - filled, at);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return seal.subarray(0, filled).toString('hex');
}
