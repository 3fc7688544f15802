import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fillIn } from '../../../src/base/text';
import type { AgentEvent } from '../../../src/core/event';
import { agentFilters, passesAgentFilter } from '../../../webview/model/agentSearch';
import { agentLaneNames, toAgentLanes } from '../../../webview/model/agentTimeline';
import { toAgentTone } from '../../../webview/model/agentTone';
import { countDiffLines, toDiffLines } from '../../../webview/model/diffLines';
import { toShownGauges } from '../../../webview/model/gauges';
import { createMatcher } from '../../../webview/model/search';
import { Trace } from '../../../webview/model/trace';
import {
  AgentTraceBuilder,
  createDoneAgent,
  createWaitingAgent,
  sampleDiff,
  toAsked,
  toChange,
  toRan,
} from '../../support/agentTrace';
import {
  agentKinds,
  arbitraryAgentEvent,
  createAgentOpened,
} from '../../support/arbitraryAgentEvents';

function fold({ events }: AgentTraceBuilder): Trace {
  const trace = new Trace();
  trace.append(events);
  return trace;
}

function firstToneOf(built: AgentTraceBuilder): string | null {
  const [entry] = fold(built).entries;
  return entry?.kind === 'agent' ? toAgentTone(entry) : null;
}

const anyEvent: fc.Arbitrary<AgentEvent> = fc.oneof(...agentKinds.map(arbitraryAgentEvent));

describe('an agent in the viewer', () => {
  it('has one entry for a command with its end, an approval with its answer, a child with its standing', () => {
    const { entries } = fold(createDoneAgent());
    const pairs = entries.flatMap((entry) =>
      entry.kind === 'agent' && entry.first !== entry.last
        ? [[entry.number, entry.first.kind, entry.last.kind]]
        : [],
    );
    assert.deepStrictEqual(pairs, [
      [6, 'agent.started', 'agent.ran'],
      [9, 'agent.started', 'agent.ran'],
      [13, 'agent.delegated', 'agent.delegated'],
      [15, 'agent.asked', 'agent.decided'],
      [19, 'agent.asked', 'agent.decided'],
    ]);
  });

  it('keeps every event, in the order of the trace, however they are cut into pages', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const [whole, piecewise] = [new Trace(), new Trace()];
        whole.append([createAgentOpened(), ...events]);
        piecewise.append([createAgentOpened()]);
        events.forEach((event) => piecewise.append([event]));
        assert.deepStrictEqual(piecewise.entries, whole.entries);
        const agent = whole.entries.filter((entry) => entry.kind === 'agent');
        const seen = new Set(agent.flatMap(({ first, last }) => [first, last]));
        const lost = events.filter((event) => !seen.has(event) && event.kind !== 'agent.delegated');
        assert.deepStrictEqual(lost, []);
        const numbers = agent.map(({ number }) => number);
        assert.deepStrictEqual(
          numbers,
          [...numbers].sort((left, right) => left - right),
        );
        for (const entry of agent) {
          assert.equal(whole.agent.find(entry.number), entry);
          assert.equal(events[entry.number - 1], entry.first);
        }
      }),
    );
  });

  it('waits for exactly what was asked and not answered', () => {
    const { waiting } = fold(createWaitingAgent()).agent;
    assert.deepStrictEqual(
      waiting.map(({ first }) => 'approvalId' in first && first.approvalId),
      ['a1'],
    );
    assert.deepStrictEqual(fold(createDoneAgent()).agent.waiting, []);
  });

  it('tells a cancelled and a declined approval from an accepted one', () => {
    const tones = (['accept', 'decline', 'cancel'] as const).map((decision) =>
      firstToneOf(
        new AgentTraceBuilder().add(toAsked(), {
          ...{ kind: 'agent.decided', approvalId: 'a1', decision, by: 'person', note: null },
        }),
      ),
    );
    assert.deepStrictEqual(tones, ['ok', 'stopped', 'stopped']);
  });

  it('says of every end of a command how it came to it', () => {
    const results = ['ok', 'failed', 'refused', 'interrupted', 'unknown'] as const;
    assert.deepStrictEqual(
      results.map((result) => firstToneOf(new AgentTraceBuilder().add(toRan({ result })))),
      ['ok', 'error', 'stopped', 'stopped', 'muted'],
    );
  });

  it('finds an action by the step that links call it, also one that a command began', () => {
    const { agent } = fold(createDoneAgent());
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5].map((step) => agent.findAction(step)?.number ?? null),
      [6, 8, 9, 12, null],
    );
  });

  it('filters by kind, and finds a text wherever it stands', () => {
    const { entries } = fold(createDoneAgent());
    const agent = entries.filter((entry) => entry.kind === 'agent');
    const counts = agentFilters.map((filter) => [
      filter,
      agent.filter((entry) => passesAgentFilter(entry, filter)).length,
    ]);
    assert.deepStrictEqual(Object.fromEntries(counts), {
      ...{ all: 20, problems: 5, messages: 5, commands: 3, changes: 1, approvals: 2 },
    });
    const find = (text: string): readonly number[] =>
      agent
        .filter(createMatcher({ text, scope: 'all', filter: 'all' }))
        .map(({ number }) => number);
    assert.deepStrictEqual(
      ['THRICE', '1 failing', 'git push', 'model is busy', 'code_reviewer', 'nowhere'].map(find),
      [[8], [6], [19], [18], [12, 13], []],
    );
  });

  it('puts what it did into lanes, and ends what nobody knows the end of', () => {
    const waiting = fold(createWaitingAgent());
    const now = (waiting.summary?.updatedAt ?? 0) + 5_000;
    const lanes = toAgentLanes(waiting.entries, now);
    assert.deepStrictEqual(
      lanes.map(({ name, bars }) => [name, bars.length]),
      [
        ['messages', 4],
        ['commands', 3],
        ['changes', 1],
        ['approvals', 2],
        ['children', 1],
      ],
    );
    assert.deepStrictEqual(
      lanes.map(({ name }) => name),
      agentLaneNames,
    );
    const asked = lanes[3]?.bars.at(-1);
    assert.deepStrictEqual([asked?.tone, asked?.end], ['waiting', now]);
    const atRest = toAgentLanes(waiting.entries, null)[3]?.bars.at(-1);
    assert.deepStrictEqual([atRest?.tone, atRest?.end], ['stopped', asked?.start]);
  });

  it('measures its own limits, with the time that passes while it runs', () => {
    const { summary } = fold(createWaitingAgent().add(toChange('running')));
    assert.ok(summary);
    const gauges = toShownGauges(summary, null, {
      now: summary.updatedAt + 3_000,
      translate: fillIn,
    });
    assert.deepStrictEqual(
      gauges.map(({ name, text }) => [name, text]),
      [
        ['Tokens', '25,200 of 1,000,000'],
        ['Cost', 'no price is known'],
        ['Run time', '24 s of 1 h'],
        ['Actions', '4 of 200'],
        ['Turns', '1 of 20'],
        ['Children', '0 of 4'],
      ],
    );
  });
});

describe('the lines of a diff', () => {
  it('are told apart by the heads of their hunks', () => {
    assert.deepStrictEqual(
      toDiffLines(sampleDiff).map(({ kind }) => kind),
      ['file', 'file', 'hunk', 'same', 'removed', 'added', 'added', 'same'],
    );
  });

  it('are none of a file’s because of what they begin with', () => {
    const hunk = ['@@ -1,2 +1,2 @@', '--- gone', '+++ new', ' same', '\\ No newline at end'];
    assert.deepStrictEqual(
      toDiffLines(['--- a/x', '+++ b/x', ...hunk].join('\n')).map(({ kind }) => kind),
      ['file', 'file', 'hunk', 'removed', 'added', 'same', 'same'],
    );
  });

  it('hold the whole text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'+-@ \n1,a') }), (diff) => {
        const lines = toDiffLines(diff);
        assert.equal(lines.map(({ text }) => text).join('\n'), diff.replace(/\n$/u, ''));
        const { added, removed } = countDiffLines(lines);
        assert.ok(added + removed <= lines.length);
      }),
    );
  });
});
