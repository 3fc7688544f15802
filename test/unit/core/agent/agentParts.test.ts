// The pure parts of agent runs: paths, happenings, facts, checklists.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ActionStatus, HappeningBody } from '../../../../src/core/agent/agentDriver';
import type { AgentEventBody } from '../../../../src/core/agent/agentEvent';
import { AgentFacts, toFactsText } from '../../../../src/core/agent/agentFacts';
import { Checklist } from '../../../../src/core/agent/checklist';
import { toAgentEvent } from '../../../../src/core/agent/happenings';
import { PathRules, toPathBelow } from '../../../../src/core/agent/pathRules';

describe('PathRules', () => {
  it('match as git does, over random globs and paths', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rlm-paths-'));
    const git = (args: readonly string[], input = ''): string => {
      try {
        return execFileSync('git', ['-C', folder, ...args], { input, encoding: 'utf8' });
      } catch (thrown) {
        const { status } = thrown as { status: number | null }; // of execFileSync
        assert.equal(status, 1); // none is ignored
        return '';
      }
    };
    try {
      git(['init', '-q']);
      const name = fc.constantFrom('a', 'b', '*', 'a*', '?', '**', '[ab]', '.env');
      const glob = fc
        .tuple(
          fc.constantFrom('', '/'),
          fc.array(name, { minLength: 1, maxLength: 3 }),
          fc.constantFrom('', '/'),
        )
        .map(([start, names, end]) => `${start}${names.join('/')}${end}`);
      const path = fc
        .array(fc.constantFrom('a', 'b', 'ab', '.env'), { minLength: 1, maxLength: 4 })
        .map((names) => names.join('/'));
      const property = fc.property(
        fc.array(glob, { minLength: 1, maxLength: 3 }),
        fc.uniqueArray(path, { minLength: 30, maxLength: 40 }),
        (globs, paths) => {
          writeFileSync(join(folder, '.gitignore'), `${globs.join('\n')}\n`);
          const found = git(
            ['check-ignore', '--no-index', '-z', '--stdin'],
            `${paths.join('\0')}\0`,
          );
          const rules = new PathRules(globs);
          const own = paths.filter((one) => rules.matches(one));
          assert.deepStrictEqual(
            own,
            found.split('\0').filter((one) => one !== ''),
          );
        },
      );
      fc.assert(property, { numRuns: 60 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const [path, expected] of [
    ['/w/a/b', 'a/b'],
    ['/w/a/../b', 'b'],
    ['/w/../x', '/x'],
    ['/work/a', '/work/a'],
    ['a/./b', 'a/b'],
    ['../a', '../a'],
    ['\\w\\a', 'a'],
  ] as const) {
    it(`${path} is ${expected} from /w on`, () => {
      assert.equal(toPathBelow(path, '/w'), expected);
    });
  }
});

const long = `${'a'.repeat(49_999)}😀${'b'.repeat(200_000)}😀${'c'.repeat(49_999)}`;
const patch = { changes: [], diff: long, droppedChars: 5 };
const status: ActionStatus = 'completed';
const cutOnes: readonly HappeningBody[] = [
  { kind: 'message', itemId: 'i', text: long, isFinal: true },
  { kind: 'reasoning', itemId: 'i', text: long },
  { kind: 'plan', explanation: long, steps: [] },
  {
    ...{ kind: 'commandEnded', itemId: 'i', command: 'ls', cwd: '/', status, exitCode: 0 },
    ...{ output: long, droppedChars: 5, durationMs: null },
  },
  {
    ...{ kind: 'commandEnded', itemId: 'i', command: long, cwd: '/', status, exitCode: 0 },
    ...{ output: '', droppedChars: 0, durationMs: null },
  },
  { kind: 'patchEnded', itemId: 'i', patch, status },
  {
    ...{ kind: 'toolEnded', itemId: 'i', server: null, tool: 't', status, durationMs: null },
    ...{ arguments: long, result: '' },
  },
  {
    ...{ kind: 'toolEnded', itemId: 'i', server: null, tool: 't', status, durationMs: null },
    ...{ arguments: {}, result: long },
  },
  {
    ...{ kind: 'unlistedCall', callId: 'i', tool: 't', arguments: long },
    ...{ output: null, droppedChars: 0, ran: null },
  },
  {
    ...{ kind: 'unlistedCall', callId: 'i', tool: 't', arguments: '', output: '' },
    ...{ droppedChars: 0, ran: { command: long, exitCode: 1 } },
  },
  { kind: 'webSearch', itemId: 'i', query: long },
  { kind: 'raw', method: 'm', payload: long, droppedChars: 5 },
  { kind: 'warning', message: long },
];

describe('toAgentEvent', () => {
  for (const [index, body] of cutOnes.entries()) {
    it(`tells how much of a ${body.kind} is left out (${index})`, () => {
      const event = toAgentEvent({ at: 0, turnId: null, ...body }, (path) => path);
      assert.ok(event && 'droppedChars' in event && event.droppedChars > 150_000);
      assert.ok(JSON.stringify(event).length < 250_000 && JSON.stringify(event).isWellFormed());
    });
  }
});

describe('AgentFacts', () => {
  it('stay small over 100,000 events, and tell how many there were', () => {
    const facts = new AgentFacts();
    const common = { droppedChars: 0, result: 'ok' } as const;
    for (let index = 0; index < 20_000; index += 1) {
      const events: readonly AgentEventBody[] = [
        { kind: 'agent.said', by: 'agent', form: 'message', text: `m${index}`, droppedChars: 0 },
        {
          ...{ kind: 'agent.ran', actionId: 'x', command: `test ${index}`, cwd: null, output: '' },
          ...{ ...common, exitCode: 0, durationMs: null },
        },
        {
          ...{ kind: 'agent.edited', actionId: 'x', diff: '', ...common },
          changes: [{ path: `f${index}`, change: 'add' }],
        },
        { kind: 'agent.noted', by: 'host', note: `n${index}`, tags: [] },
        { kind: 'agent.refused', rule: 'r', what: `w${index}` },
      ];
      events.forEach((event) => facts.take(event));
    }
    const { view } = facts;
    assert.deepStrictEqual(
      [view.commands.count, view.files.length, view.files.at(-1)?.path, view.droppedFiles],
      [20_000, 200, 'f19999', 19_800],
    );
    const usage = { tokens: 0, usd: null, turns: 1, wallMs: 0, commands: 0, children: 0 };
    const text = toFactsText(view, { status: 'completed', usage, checklist: new Checklist([]) });
    assert.ok(JSON.stringify(view).length < 50_000 && text.includes('19,800 earlier changes'));
  });
});

describe('Checklist', () => {
  it('is filled by what each item waits for and by nothing near it', () => {
    const checklist = new Checklist([
      {
        id: 'run',
        description: '',
        doneWhen: { kind: 'command', pattern: '^npm test$', exitCode: 0 },
      },
      { id: 'diff', description: '', doneWhen: { kind: 'diff', glob: '*.md' } },
      { id: 'says', description: '', doneWhen: { kind: 'says', pattern: 'Done:' } },
      { id: 'child', description: '', doneWhen: { kind: 'child', profileId: 'reviewer' } },
      { id: 'hand', description: '', doneWhen: { kind: 'manual' } },
    ]);
    const ran = { actionId: 'x', cwd: null, output: '', droppedChars: 0, durationMs: null };
    const said = { form: 'message', text: 'Done: all', droppedChars: 0 } as const;
    const edited = { actionId: 'x', diff: '', droppedChars: 0 } as const;
    const child = { childSessionId: 'c', profileId: 'reviewer' };
    const md = [{ path: 'docs/a.md', change: 'update' }] as const;
    const steps: readonly [AgentEventBody, readonly string[]][] = [
      [{ kind: 'agent.ran', ...ran, command: 'npm test', result: 'failed', exitCode: 1 }, []],
      [{ kind: 'agent.ran', ...ran, command: 'npm test', result: 'refused', exitCode: 0 }, []],
      [{ kind: 'agent.ran', ...ran, command: 'npm test; true', result: 'ok', exitCode: 0 }, []],
      [
        { kind: 'agent.ran', ...ran, command: `bash -lc 'npm test'`, result: 'ok', exitCode: 0 },
        ['run'],
      ],
      [{ kind: 'agent.edited', ...edited, result: 'refused', changes: md }, []],
      [{ kind: 'agent.edited', ...edited, result: 'ok', changes: md }, ['diff']],
      [{ kind: 'agent.said', by: 'user', ...said }, []],
      [{ kind: 'agent.said', by: 'agent', ...said, form: 'reasoning' }, []],
      [{ kind: 'agent.said', by: 'agent', ...said }, ['says']],
      [{ kind: 'agent.said', by: 'agent', ...said }, []],
      [{ kind: 'agent.delegated', ...child, childStatus: 'failed' }, []],
      [{ kind: 'agent.delegated', ...child, profileId: 'other', childStatus: 'completed' }, []],
      [{ kind: 'agent.delegated', ...child, childStatus: 'completed' }, ['child']],
    ];
    steps.forEach(([event, expected], number) => {
      assert.deepStrictEqual(
        checklist.take(event, number),
        expected.map((item) => ({ item, byEvent: number, note: null })),
      );
    });
    assert.throws(() => checklist.checkByHand('none', null), { code: 'INVALID_INPUT' });
    assert.deepStrictEqual(checklist.checkByHand('hand', 'seen').byEvent, null);
    assert.equal(checklist.doneCount, 5);
  });
});
