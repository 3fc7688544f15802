// What counts as work that is in a worktree and nowhere else, with the real git.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { neverAborted } from '../../../../src/base/abort';
import { AgentWorktrees } from '../../../../src/agents/workspaces/agentWorktrees';
import { LocalWorkspaces } from '../../../../src/agents/workspaces/localWorkspaces';
import { systemClock } from '../../../../src/systemClock';
import { useTempFolder } from '../../../support/tempFolder';

describe('AgentWorktrees', () => {
  const folder = useTempFolder();
  const at = (...names: readonly string[]): string => path.join(folder(), ...names);
  const sessionId = '01900000-0000-7000-8000-000000000001';
  const tree = (): string => at('agents', 'worktrees', sessionId);
  const note = (): string => `${tree()}.json`;
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const commit = (cwd: string): string => {
    const name = ['-c', 'user.email=a@example.com', '-c', 'user.name=A'];
    git(cwd, 'add', '-A');
    return git(cwd, ...name, 'commit', '--quiet', '--allow-empty', '-m', 'one');
  };
  const open = (): AgentWorktrees =>
    new AgentWorktrees({ folder: at('agents', 'worktrees'), isEngineAlive: async () => false });
  const readWork = async () => (await open().list()).map(({ work }) => work);

  beforeEach(async () => {
    await mkdir(at('repo'));
    await writeFile(at('repo', 'a.txt'), 'one\n');
    await writeFile(at('repo', '.gitignore'), 'built/\n');
    git(at('repo'), 'init', '--quiet', '--initial-branch=main');
    commit(at('repo'));
    await new LocalWorkspaces({
      home: at('agents'),
      roots: [folder()],
      baseFolder: at('repo'),
      engineId: 'engine-1',
      isEngineAlive: async () => false,
      clock: systemClock,
    }).prepare(
      {
        ...{
          sessionId,
          profileId: 'worker',
          folder: at('repo'),
          parentFolder: null,
          isolation: 'worktree',
        },
        ...{ writes: true, deny: [], write: [], onQueued: () => undefined },
      },
      neverAborted,
    );
  });

  const cases: readonly (readonly [string, () => Promise<unknown>, unknown])[] = [
    ['nothing that was done', async () => undefined, null],
    [
      'files that git ignores',
      async () => {
        await mkdir(path.join(tree(), 'built'));
        await writeFile(path.join(tree(), 'built', 'x'), '');
      },
      null,
    ],
    ['a new file', () => writeFile(path.join(tree(), 'b.txt'), ''), { files: 1, commits: 0 }],
    ['a changed file', () => writeFile(path.join(tree(), 'a.txt'), ''), { files: 1, commits: 0 }],
    ['a removed file', () => rm(path.join(tree(), 'a.txt')), { files: 1, commits: 0 }],
    ['a commit', async () => commit(tree()), { files: 0, commits: 1 }],
    [
      'a commit on another branch',
      async () => {
        git(tree(), 'checkout', '--quiet', '-b', 'other');
        commit(tree());
      },
      { files: 0, commits: 1 },
    ],
    [
      'a commit on no branch',
      async () => {
        git(tree(), 'checkout', '--quiet', '--detach');
        commit(tree());
      },
      { files: 0, commits: 1 },
    ],
    [
      'a commit of a worktree whose folder is gone',
      async () => {
        commit(tree());
        await rm(tree(), { recursive: true });
      },
      { files: 0, commits: 1 },
    ],
    ['a folder that is gone', () => rm(tree(), { recursive: true }), null],
    [
      'a worktree whose making was cut off',
      async () => {
        const text = JSON.parse(await readFile(note(), 'utf8')) as object; // our own file
        await writeFile(note(), JSON.stringify({ ...text, tree: '' }));
        await rm(path.join(tree(), 'a.txt'));
      },
      null,
    ],
    ['a repository that is gone', () => rename(at('repo'), at('elsewhere')), 'unknown'],
  ];
  for (const [name, change, work] of cases) {
    it(`tells of ${name}`, async () => {
      await change();
      assert.deepStrictEqual(await readWork(), [work]);
    });
  }

  it('removes a worktree with its branch and its note, and the repository forgets it', async () => {
    await open().remove(sessionId);
    await open().remove(sessionId);
    assert.deepStrictEqual(
      [existsSync(tree()), existsSync(note()), git(at('repo'), 'branch', '--list', 'rlm/*')],
      [false, false, ''],
    );
    assert.equal(git(at('repo'), 'worktree', 'list').trim().split('\n').length, 1);
    assert.deepStrictEqual(await open().list(), []);
  });
});
