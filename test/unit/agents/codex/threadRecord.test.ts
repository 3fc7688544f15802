// Whatever Codex tells, in whatever order: what has begun ends once, what is asked is answered once, no call of the
// model stays untold, and `exited` is the last.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ThreadRecord } from '../../../../src/agents/codex/threadRecord';
import { toAsked } from '../../../../src/agents/codex/toApproval';
import type { AgentHappening, ApprovalDecision } from '../../../../src/core/agent/agentDriver';
import { FakeClock } from '../../../support/fakeClock';

type Move =
  | {
      readonly kind: 'turn';
      readonly does: 'start' | 'complete' | 'interrupt' | 'fail';
      readonly turn: number;
    }
  | {
      readonly kind: 'item';
      readonly does: 'start' | 'output' | 'end';
      readonly item: number;
    }
  | { readonly kind: 'raw'; readonly does: 'call' | 'output'; readonly item: number }
  | { readonly kind: 'ask'; readonly item: number; readonly request: number }
  | { readonly kind: 'resolve'; readonly request: number }
  | { readonly kind: 'answer'; readonly at: number; readonly decision: ApprovalDecision }
  | { readonly kind: 'other'; readonly method: string }
  | { readonly kind: 'end' };
type ItemType = 'commandExecution' | 'fileChange' | 'mcpToolCall' | 'agentMessage' | 'unheard';

const number = fc.nat({ max: 3 });
/** By the number of the item: one does not change what it is. */
const types: readonly ItemType[] = [
  'commandExecution',
  'fileChange',
  'mcpToolCall',
  'agentMessage',
  'unheard',
];
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant('turn' as const),
    does: fc.constantFrom(
      'start' as const,
      'complete' as const,
      'interrupt' as const,
      'fail' as const,
    ),
    turn: number,
  }),
  fc.record({
    kind: fc.constant('item' as const),
    does: fc.constantFrom('start' as const, 'output' as const, 'end' as const),
    item: fc.nat({ max: types.length - 1 }),
  }),
  fc.record({
    kind: fc.constant('raw' as const),
    does: fc.constantFrom('call' as const, 'output' as const),
    item: number,
  }),
  fc.record({ kind: fc.constant('ask' as const), item: number, request: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('resolve' as const), request: fc.nat({ max: 9 }) }),
  fc.record({
    kind: fc.constant('answer' as const),
    at: number,
    decision: fc.constantFrom<ApprovalDecision[]>('accept', 'decline', 'cancel'),
  }),
  fc.record({
    kind: fc.constant('other' as const),
    method: fc.constantFrom('error', 'warning', 'new/thing', 'thread/started', 'turn/plan/updated'),
  }),
  fc.constant({ kind: 'end' as const }),
);

/** Applies the moves as the app-server would tell them, then ends the thread. */
function play(moves: readonly Move[]) {
  const responses: unknown[] = [];
  const record = new ThreadRecord({
    clock: new FakeClock(),
    tail: null,
    recordMs: 0,
    respond: (id) => responses.push(id),
  });
  const happened: AgentHappening[] = [];
  record.onDidHappen((happening) => happened.push(happening));
  const calls = new Set<string>();
  let turnId = 'turn-0';
  let requests = 0;
  let isOver = false;
  const follow = (method: string, params: object): void =>
    record.run(() => record.follow(method, { threadId: 't', turnId, ...params }));
  for (const one of moves) {
    switch (one.kind) {
      case 'turn': {
        turnId = `turn-${one.turn}`;
        const statuses = {
          start: 'inProgress',
          complete: 'completed',
          interrupt: 'interrupted',
          fail: 'failed',
        };
        const turn = { id: turnId, status: statuses[one.does], error: null };
        follow(one.does === 'start' ? 'turn/started' : 'turn/completed', { turn });
        break;
      }
      case 'item':
        if (one.does === 'output') {
          follow('item/commandExecution/outputDelta', { itemId: `call-${one.item}`, delta: 'x' });
        } else {
          const item = toItem(one.item, one.does === 'start');
          follow(one.does === 'start' ? 'item/started' : 'item/completed', { item });
        }
        break;
      case 'raw': {
        const id = `call-${one.item}`;
        const type = one.does === 'call' ? 'function_call' : 'function_call_output';
        if (!isOver && one.does === 'call') {
          calls.add(id);
        }
        follow('rawResponseItem/completed', {
          item: { type, call_id: id, name: 'tool', arguments: '{}', output: 'out' },
        });
        break;
      }
      case 'ask': {
        const params = { threadId: 't', turnId, itemId: `asked-${one.item}` };
        const asked = toAsked('item/commandExecution/requestApproval', params, () => null);
        assert.ok(asked);
        if (!isOver) {
          record.ask(requests, asked);
          requests += 1;
        }
        break;
      }
      case 'resolve':
        follow('serverRequest/resolved', { requestId: one.request });
        break;
      case 'answer': {
        const asked = happened.filter(({ kind }) => kind === 'approvalAsked')[one.at];
        if (asked?.kind === 'approvalAsked') {
          record.approvals.answer(asked.approvalId, {
            decision: one.decision,
            note: null,
            values: null,
          });
        }
        break;
      }
      case 'other':
        follow(one.method, { anything: 1 });
        break;
      case 'end':
        isOver = true;
        record.end('stopped', 'It was stopped.');
        break;
    }
  }
  record.end('process ended', 'It has ended.');
  return { happened, responses, calls, requests };
}

function toItem(item: number, isStarted: boolean): object {
  const type = types[item] ?? 'unheard';
  const common = { id: `call-${item}`, type, status: isStarted ? 'inProgress' : 'completed' };
  switch (type) {
    case 'commandExecution':
      return { ...common, command: 'x', cwd: '/', aggregatedOutput: null };
    case 'fileChange':
      return { ...common, changes: [] };
    case 'mcpToolCall':
      return { ...common, server: 's', tool: 't', arguments: {}, result: null, error: null };
    case 'agentMessage':
      return { ...common, text: 'words' };
    case 'unheard':
      return common;
  }
}

const pairs = [
  ['commandStarted', 'commandEnded'],
  ['patchStarted', 'patchEnded'],
  ['toolStarted', 'toolEnded'],
] as const;

function idsOf(
  happened: readonly AgentHappening[],
  kind: AgentHappening['kind'],
): readonly string[] {
  return happened
    .filter((one) => one.kind === kind)
    .map((one) => ('itemId' in one ? String(one.itemId) : ''));
}

describe('the record of a thread', () => {
  it('keeps its promises in every order', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const { happened, responses, calls, requests } = play(moves);
        assert.deepStrictEqual(happened.filter(({ kind }) => kind === 'exited').length, 1);
        assert.equal(happened.at(-1)?.kind, 'exited');
        for (const [start, end] of pairs) {
          assert.deepStrictEqual(
            [...idsOf(happened, end)].sort(),
            [...idsOf(happened, start)].sort(),
          );
          assert.equal(new Set(idsOf(happened, end)).size, idsOf(happened, end).length);
        }
        const asked = happened.filter(({ kind }) => kind === 'approvalAsked');
        const resolved = happened.flatMap((one) =>
          one.kind === 'approvalResolved' ? [one.approvalId] : [],
        );
        assert.deepStrictEqual(
          [asked.length, new Set(resolved).size, resolved.length],
          [requests, requests, requests],
        );
        assert.equal(new Set(responses).size, requests);
        assert.equal(responses.length, requests);
        const listed = new Set([
          ...pairs.flatMap(([start]) => idsOf(happened, start)),
          ...idsOf(happened, 'message'),
          // An item of an unknown kind is told raw.
          ...happened.flatMap((one) =>
            one.kind === 'raw' ? (/"id":"(call-\d)"/u.exec(one.payload)?.[1] ?? []) : [],
          ),
        ]);
        const unlisted = happened.flatMap((one) =>
          one.kind === 'unlistedCall' ? [one.callId] : [],
        );
        assert.equal(new Set(unlisted).size, unlisted.length);
        const untold = [...calls].filter((id) => !unlisted.includes(id) && !listed.has(id));
        // The start of a message tells its call, and its end may never come.
        assert.deepStrictEqual(
          untold.filter((id) => !isMessageStarted(moves, id)),
          [],
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells raw what it does not know, and what is not as it should be', () => {
    const { happened } = play([
      { kind: 'other', method: 'new/thing' },
      { kind: 'other', method: 'warning' },
    ]);
    assert.deepStrictEqual(
      happened.map((one) => (one.kind === 'raw' ? one.method : one.kind)),
      ['new/thing', 'warning', 'exited'],
    );
  });
});

function isMessageStarted(moves: readonly Move[], id: string): boolean {
  return moves.some(
    (one) => one.kind === 'item' && types[one.item] === 'agentMessage' && `call-${one.item}` === id,
  );
}
