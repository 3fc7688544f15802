import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toLeftText } from '../../../../src/cli/agents/spawnRun';
import { renderApproval } from '../../../../src/cli/agents/askApprovals';
import { createStyle } from '../../../../src/cli/render/style';
import type { AgentAsked } from '../../../../src/core/agent/agentEvent';
import { createOpened } from '../../../support/sampleTrace';
import { FakeCli } from '../fakeCli';

describe('the command agents', () => {
  it('says that there are none, and how to begin one', async () => {
    const cli = new FakeCli();
    assert.equal(await cli.run('agents', 'list'), 0);
    assert.equal(cli.output.text, '');
    assert.match(cli.errors.text, /No agent runs[^]*agents spawn --profile/u);
    const asJson = new FakeCli();
    assert.equal(await asJson.run('agents', 'list', '--json'), 0);
    assert.deepStrictEqual(JSON.parse(asJson.output.text), {
      runs: [],
      has_more: false,
      left_behind: { worktrees: 0, bytes: 0 },
    });
    const cleaned = new FakeCli();
    assert.equal(await cleaned.run('agents', 'clean'), 0);
    assert.deepStrictEqual(
      [cleaned.output.text, cleaned.errors.text],
      ['', 'No run has left a worktree behind.\n'],
    );
  });

  it('refuses what is wrong on the command line with 2, and begins nothing', async () => {
    const wrong: readonly (readonly string[])[] = [
      ['spawn'],
      ['spawn', '--task', '  '],
      ['spawn', '--task', 'x', '--limit', 'tokens'],
      ['spawn', '--task', 'x', '--limit', 'tokens=many'],
      ['spawn', '--task', 'x', '--limit', 'tokens=-1'],
      ['spawn', '--task', 'x', '--limit', 'other=1'],
      ['spawn', '--task', 'x', '--input', '=y'],
      ['spawn', '--task', 'x', '--isolation', 'moon'],
      ['spawn', '--task', 'x', '--sandbox', 'none'],
      ['resume', 'x'],
      ['stop'],
      ['approve'],
      ['approve', 'x', '--accept', '--decline'],
      ['approve', 'x', '--note', 'y'],
      ['watch'],
      ['show'],
      ['list', '--status', 'active'],
      ['list', '--limit', '0'],
      ['clean', '--older-than', 'soon'],
      ['nothing'],
    ];
    for (const args of wrong) {
      const cli = new FakeCli();
      assert.equal(await cli.run('agents', ...args), 2, args.join(' '));
      assert.equal(cli.engineOptions, null);
    }
  });

  for (const [work, said] of [
    [null, /^It has left nothing of its own/u],
    [{ files: 2, commits: 0 }, /^Its work: 2 changed files, not committed, in \/w\.$/u],
    [{ files: 0, commits: 1 }, /^Its work: 1 commit on branch rlm\/x\.$/u],
    [
      { files: 1, commits: 3 },
      /^Its work: 3 commits on branch rlm\/x; 1 changed file, not committed, in \/w\.$/u,
    ],
    [{ files: 0, commits: 0 }, /^Its work: branch rlm\/x in \/w\.$/u],
    ['unknown', /^Its work is in \/w; git cannot say/u],
  ] as const) {
    it(`says where the work of a run lies: ${JSON.stringify(work)}`, () => {
      const worktree = { folder: '/w', branch: 'rlm/x', work };
      const rest = { sessionId: 's', repository: '/r', ageMs: 0, bytes: 0, isEngineAlive: false };
      assert.match(toLeftText({ ...worktree, ...rest }), said);
      assert.match(toLeftText(null), /^It has left nothing of its own/u);
    });
  }

  it('tells a session from a run, and a run that is not there', async () => {
    for (const command of [['show'], ['watch'], ['approve'], ['stop'], ['resume', '--task', 'x']]) {
      const [name = '', ...more] = command;
      const cli = new FakeCli();
      const opened = createOpened({ sessionId: '01900000-0000-7000-8000-000000000001' });
      await (await cli.traces.createTrace(opened)).close();
      assert.equal(await cli.run('agents', name, '01900000', ...more), 1, name);
      assert.match(cli.errors.text, /AGENT_NOT_FOUND: Session 01900000.* is no agent run/u);
      const missing = new FakeCli();
      assert.equal(await missing.run('agents', name, '0199', ...more), 1);
      assert.match(missing.errors.text, /SESSION_NOT_FOUND/u);
    }
  });
});

describe('renderApproval', () => {
  const asked: AgentAsked = {
    kind: 'agent.asked',
    approvalId: 'one',
    subject: 'command',
    command: null,
    cwd: null,
    diff: null,
    reason: null,
    deadline: 60_000,
  };
  const style = createStyle({}, false);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a\nb', 'a\rb', '\u001b[2J', 'x\u202ey', '\u2028z', 'a\r\nb', '\u0085'),
  );

  it('marks every line of the agent’s, and lets nothing of it drive a terminal', () => {
    const ours = [
      /^The agent asks/u,
      /^ {2}(?:command|in|why, in its words|diff)$/u,
      /^ {2}approval /u,
    ];
    fc.assert(
      fc.property(text, text, text, text, (command, cwd, diff, reason) => {
        const shown = renderApproval({ ...asked, command, cwd, diff, reason }, { style, now: 0 });
        const lines = shown.split(/\r\n|[\n\r\u0085\u2028\u2029]/u);
        const strange = lines.filter(
          (line) => !line.startsWith('    | ') && !ours.some((one) => one.test(line)),
        );
        assert.deepStrictEqual(strange, []);
        assert.doesNotMatch(shown, /(?![\t\n])[\p{Cc}\p{Bidi_Control}]/u);
      }),
    );
  });

  it('shows all of a command and a diff', () => {
    const long = Array.from({ length: 5_000 }, (_, index) => `line ${index}`).join('\n');
    const shown = renderApproval({ ...asked, command: long, diff: long }, { style, now: 0 });
    assert.equal(shown.match(/\| line 4999$/gmu)?.length, 2);
    assert.match(shown, /declined in 60 s/u);
  });
});
