// What a guest says is bounded here, on its own session's thread: what leaves it costs the threads that
// all sessions share little, whatever the guest made of it.

import { type JsonShape, checkJsonShape } from '../../base/jsonShape';
import type { ReplyMessage } from '../../protocol/worker';

export type GatedFrame =
  | { readonly kind: 'pass'; readonly json: string }
  /** A call that goes no further; the code that made it is told why. */
  | { readonly kind: 'answered'; readonly reply: ReplyMessage }
  /** No call, and no engine of ours says so much. */
  | { readonly kind: 'broken' };

/** A frame up to this length is parsed in well under a millisecond whatever it holds. */
const shortFrameChars = 65_536;
const bounds = { maxDepth: 100, maxValues: 200_000 };
/** Calls that hand texts over; all others are short. */
const textCalls: ReadonlySet<unknown> = new Set([
  'llm_query',
  'llm_query_batched',
  'rlm_query',
  'rlm_query_batched',
  'context.give',
  'context.grep',
  'context.count',
  'context.search',
]);

/** `maxChars`: of one frame, as JSON in which only what must be is escaped. */
export function gateFrame(json: string, maxChars: number): GatedFrame {
  const shape = checkJsonShape(json, bounds);
  if (shape === 'fits' && json.length <= shortFrameChars) {
    return { kind: 'pass', json };
  }
  if (shape !== 'fits') {
    return refuse(readCallHead(json), describeShape(shape));
  }
  const frame = parseFrame(json);
  if (frame['kind'] === 'call' && !textCalls.has(frame['name'])) {
    return refuse(frame, `more than ${shortFrameChars} characters`);
  }
  const compact = JSON.stringify(frame); // Python escapes all that is not ASCII
  return compact.length <= maxChars
    ? { kind: 'pass', json: compact }
    : refuse(frame, `${compact.length} characters as JSON; ${maxChars} can be sent in one call`);
}

function refuse(frame: Record<string, unknown>, what: string): GatedFrame {
  const { kind, call } = frame;
  if (kind !== 'call' || typeof call !== 'number') {
    return { kind: 'broken' };
  }
  const message = `What is sent to the host holds ${what}. Send less at once: a string, or a list of strings.`;
  return {
    kind: 'answered',
    reply: { kind: 'reply', call, error: { code: 'INVALID_INPUT', message } },
  };
}

function describeShape(shape: Exclude<JsonShape, 'fits'>): string {
  return shape === 'too deep'
    ? `values nested more than ${bounds.maxDepth} levels deep`
    : `more than ${bounds.maxValues} values`;
}

/** Of a frame that is too much to be parsed: the runners write what a call is about first or last. */
function readCallHead(json: string): Record<string, unknown> {
  const ends = `${json.slice(0, 300)}\n${json.slice(-300)}`;
  const kind = /"kind": ?"call"/u.test(ends) ? 'call' : undefined;
  const call =
    /"call": ?(\d{1,9})[,}]/u.exec(json.slice(0, 300)) ??
    /"call": ?(\d{1,9})\}$/u.exec(json.slice(-300));
  return { kind, call: call ? Number(call[1]) : undefined };
}

function parseFrame(json: string): Record<string, unknown> {
  try {
    const frame: unknown = JSON.parse(json);
    return typeof frame === 'object' && frame !== null ? { ...frame } : {};
  } catch {
    return {};
  }
}
