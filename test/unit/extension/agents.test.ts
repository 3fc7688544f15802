import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AgentStanding } from '../../../src/core/agent/agentEvent';
import { type AgentStatus, agentStatuses, isAtRest } from '../../../src/core/agent/agentState';
import { noAgentStanding } from '../../../src/core/summary';
import { toAgentTotals, toCostText } from '../../../src/extension/agents/agentTotals';
import {
  type Asked,
  toWholeFolder,
  toWholeLine,
  toWholeText,
} from '../../../src/extension/agents/askedText';
import { toMaterial, toSelectionMaterial } from '../../../src/extension/agents/agentMaterial';
import { listActions, toGroup } from '../../../src/extension/sessions/sessionGroup';
import { createWaitingAgent } from '../../support/agentTrace';
import { createAgentOpened } from '../../support/arbitraryAgentEvents';
import { foldEvents } from '../../support/sampleTrace';

const nothing: Asked = { command: null, cwd: null, diff: null, reason: null };

describe('what an agent asks for', () => {
  it('is offered for an answer in one line only where the line is all of it', () => {
    const shown = ['npm test', "git push origin 'HEAD:main'", `echo ${'x'.repeat(490)}`];
    const not = [
      ...['npm test\nrm -rf .', 'npm test\r', 'a\tb', `echo ${'x'.repeat(500)}`, ' npm test'],
      ...['npm test  &&  rm x', 'echo \u202egnp', 'echo \u200b', 'x $(rm -rf .)', '[a](command:b)'],
    ];
    const offered = (command: string): boolean => toWholeLine({ ...nothing, command }) === command;
    assert.deepStrictEqual(shown.map(offered), [true, true, true]);
    assert.deepStrictEqual(
      not.filter((command) => toWholeLine({ ...nothing, command }) !== null),
      [],
    );
    assert.equal(toWholeLine({ ...nothing, command: 'npm test', diff: '+a' }), null);
    for (const cwd of ['/w', '/a b/c']) {
      assert.equal(toWholeFolder({ ...nothing, cwd }), cwd);
    }
    for (const cwd of [null, '/a\nb', '/a  b', '/\u202eb', `/${'x'.repeat(600)}`]) {
      assert.equal(toWholeFolder({ ...nothing, cwd }), null);
    }
    const long = { ...nothing, command: 'npm test', reason: 'x'.repeat(4_000) };
    assert.equal(toWholeText(long), null);
    assert.equal(toWholeLine(nothing), null);
  });

  it('is never shown otherwise than it is, in a line or in a dialog', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (command) => {
        const line = toWholeLine({ ...nothing, command });
        assert.ok(line === null || line === command);
        const text = toWholeText({ ...nothing, command });
        assert.ok(text === null || text === command);
      }),
    );
  });

  it('is shown in a dialog with where and why', () => {
    const asked = { ...nothing, command: 'a\nb', cwd: '/srv', reason: 'So.' };
    assert.equal(toWholeText(asked), 'a\nb\n\n/srv\n\nSo.');
    assert.equal(toWholeText({ ...asked, command: 'x'.repeat(2_001) }), null);
    assert.equal(toWholeText({ ...asked, diff: '+a' }), null);
  });
});

describe('what can be done with an agent', () => {
  const agentOf = (status: AgentStatus, waitingFor = 0) => {
    const summary = foldEvents(createWaitingAgent().events);
    assert.ok(summary?.agent);
    return { ...summary, status, agent: { ...summary.agent, waitingFor } };
  };
  const around = { isHere: true, isLive: false, mayRun: true };

  it('depends on how it stands, and on who has it', () => {
    const offered = agentStatuses.map((status) => [
      status,
      listActions(agentOf(status), around).join(' '),
    ]);
    assert.deepStrictEqual(Object.fromEntries(offered), {
      ...{ queued: 'stop tell showChanges', preparing: 'stop tell showChanges' },
      ...{ running: 'stop tell showChanges', awaiting_approval: 'stop tell showChanges' },
      ...{ completed: 'tell showChanges', failed: 'goOn showChanges' },
      ...{ terminated: 'goOn showChanges', interrupted: 'goOn showChanges' },
    });
    assert.deepStrictEqual(listActions(agentOf('awaiting_approval', 2), around), [
      ...['stop', 'tell', 'approve', 'showChanges'],
    ]);
    const elsewhere = { ...around, isHere: false };
    const untrusted = { ...around, mayRun: false };
    for (const status of agentStatuses) {
      const isAtWork = !isAtRest(status);
      assert.equal(listActions(agentOf(status, 1), elsewhere).length, isAtWork ? 0 : 2, status);
      assert.equal(toGroup(agentOf(status), false) === 'elsewhere', isAtWork, status);
      assert.deepStrictEqual(listActions(agentOf(status, 1), untrusted), []);
    }
  });
});

describe('agents at work together', () => {
  const runOf = (
    id: string,
    status: AgentStatus,
    over: Partial<AgentStanding['usage']>,
    parentSessionId: string | null = null,
  ) => ({
    status,
    standing: {
      ...noAgentStanding,
      usage: { ...noAgentStanding.usage, ...over },
      waitingFor: status === 'awaiting_approval' ? 1 : 0,
    },
    opened: createAgentOpened({ sessionId: id, parentSessionId }),
  });

  it('are counted once, with their children, and without those at rest', () => {
    const totals = toAgentTotals([
      runOf('one', 'running', { tokens: 1_000 }),
      runOf('two', 'awaiting_approval', { tokens: 20_000, usd: 0.5 }),
      runOf('child', 'awaiting_approval', { tokens: 5_000, usd: 0.2 }, 'two'),
      runOf('done', 'completed', { tokens: 7_000, usd: 9 }),
    ]);
    assert.deepStrictEqual(totals, { atWork: 3, waiting: 2, tokens: 21_000, usd: 0.5 });
    assert.deepStrictEqual(
      [toCostText(totals), toCostText(toAgentTotals([]))],
      ['$0.50, 21k tok', '0 tok'],
    );
  });
});

describe('what a new agent is given', () => {
  const open = ['/work', '/work/deep/project', '/other'];

  it('is the folder that was pointed at, or the open one that has the file', () => {
    const file = (path: string) => ({ path, isFolder: false });
    assert.deepStrictEqual(
      [
        toMaterial([], open),
        toMaterial([{ path: '/work/src', isFolder: true }], open),
        toMaterial([file('/work/deep/project/a.ts')], open),
        toMaterial([file('/work/a.ts'), file('/work/b.ts')], open),
        toMaterial([file('/elsewhere/a.ts')], open),
        toMaterial([file('/workshop/a.ts')], open),
      ],
      [
        { folder: null, inputs: {} },
        { folder: '/work/src', inputs: {} },
        { folder: '/work/deep/project', inputs: { file: '/work/deep/project/a.ts' } },
        { folder: '/work', inputs: { file_1: '/work/a.ts', file_2: '/work/b.ts' } },
        { folder: null, inputs: { file: '/elsewhere/a.ts' } },
        { folder: null, inputs: { file: '/workshop/a.ts' } },
      ],
    );
  });

  it('is the selected text with its place, and no more than it may be given', () => {
    const selection = { path: '/work/a.ts', text: 'x', lines: '3-4' };
    assert.deepStrictEqual(toSelectionMaterial(selection, open), {
      folder: '/work',
      inputs: { file: '/work/a.ts', lines: '3-4', selection: 'x' },
    });
    assert.throws(() => toSelectionMaterial({ ...selection, text: 'x'.repeat(20_001) }, open), {
      code: 'INVALID_INPUT',
    });
  });
});
