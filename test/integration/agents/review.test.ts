// What a person does with a worktree that an agent has left, with the real git.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { neverAborted } from '../../../src/base/abort';
import type { WorkspaceReview } from '../../../src/core/agent/workspaces';
import { LocalWorkspaces } from '../../../src/agents/workspaces/localWorkspaces';
import { systemClock } from '../../../src/systemClock';
import { useTempFolder } from '../../support/tempFolder';

const sessionId = 'session-0001';

describe('the work that an agent has left', function () {
  this.timeout(60_000);
  const folder = useTempFolder();
  const repository = (): string => path.join(folder(), 'repo');
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: repository(), encoding: 'utf8', stdio: 'pipe' });
  let workspaces: LocalWorkspaces;
  let tree: string;

  beforeEach(async () => {
    await mkdir(path.join(repository(), 'src'), { recursive: true });
    await writeFile(path.join(repository(), 'src', 'a.txt'), 'one\n');
    await writeFile(path.join(repository(), 'b.txt'), 'two\n');
    git('init', '--quiet', '--initial-branch=main');
    git('config', 'user.email', 'a@example.com');
    git('config', 'user.name', 'A');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'first');
    workspaces = new LocalWorkspaces({
      home: path.join(folder(), 'home', 'agents'),
      roots: [folder()],
      baseFolder: repository(),
      engineId: 'engine-1',
      isEngineAlive: async () => true,
      clock: systemClock,
    });
    const workspace = await workspaces.prepare(
      {
        ...{ sessionId, profileId: 'generalist', folder: repository(), isolation: 'worktree' },
        ...{ writes: true, deny: [], write: [], parentFolder: null, onQueued: () => undefined },
      },
      neverAborted,
    );
    tree = workspace.cwd;
    await writeFile(path.join(tree, 'src', 'a.txt'), 'changed\n');
    await writeFile(path.join(tree, 'new é.txt'), 'new\n');
    await rm(path.join(tree, 'b.txt'));
    await workspace.release();
  });

  async function open(): Promise<WorkspaceReview> {
    const review = await workspaces.openReview(sessionId);
    assert.ok(review);
    return review;
  }

  const readMain = (file: string): Promise<string> =>
    readFile(path.join(repository(), file), 'utf8');

  it('is shown against what it began with, also once it is committed', async () => {
    const review = await open();
    const before = await review.readChanges(neverAborted);
    await review.commit('Work', neverAborted);
    const after = await review.readChanges(neverAborted);
    assert.deepStrictEqual(before.changes, after.changes);
    assert.deepStrictEqual(
      before.changes.map(({ path: file, change }) => [file, change]),
      [
        ['b.txt', 'delete'],
        ['new é.txt', 'add'],
        ['src/a.txt', 'update'],
      ],
    );
    assert.deepStrictEqual(
      [await review.readOriginal('src/a.txt'), await review.readOriginal('b.txt')],
      ['one\n', 'two\n'],
    );
    await assert.rejects(review.readOriginal('new é.txt'), { code: 'INVALID_INPUT' });
    await assert.rejects(review.commit('Again', neverAborted), { code: 'INVALID_INPUT' });
  });

  /** As it is shown at this moment. */
  const mergeNow = async (review: WorkspaceReview, message: string) =>
    review.merge(message, await review.previewMerge(neverAborted), neverAborted);

  for (const [what, change] of [
    [
      'its branch',
      async (review: WorkspaceReview) => {
        await writeFile(path.join(review.folder, 'later.txt'), 'later\n');
        await review.commit('Later', neverAborted);
      },
    ],
    [
      'what it is merged into',
      async () => {
        await writeFile(path.join(repository(), 'later.txt'), 'later\n');
        git('add', '--all');
        git('commit', '--quiet', '--message', 'later');
      },
    ],
  ] as const) {
    it(`is merged as it was shown: not where ${what} has gone on since`, async () => {
      const review = await open();
      await review.commit('Work', neverAborted);
      const shown = await review.previewMerge(neverAborted);
      await change(review);
      const head = git('rev-parse', 'HEAD');
      await assert.rejects(review.merge('Merge', shown, neverAborted), /has gone on since/u);
      assert.equal(git('rev-parse', 'HEAD'), head);
      await mergeNow(review, 'Merge');
      assert.notEqual(git('rev-parse', 'HEAD'), head);
    });
  }

  it('is merged after a look, and only once it is committed', async () => {
    const review = await open();
    await assert.rejects(review.merge('Merge', { tip: '', head: '' }, neverAborted), {
      code: 'INVALID_INPUT',
      message: /Not all/u,
    });
    await review.commit('Work', neverAborted);
    await writeFile(path.join(repository(), 'c.txt'), 'meanwhile\n');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'meanwhile');
    const preview = await review.previewMerge(neverAborted);
    assert.deepStrictEqual(
      [preview.into, preview.commits, preview.conflicts, preview.changes.length],
      ['main', 1, [], 3],
    );
    assert.equal(await readMain('src/a.txt'), 'one\n');
    await review.merge('Merge the agent', preview, neverAborted);
    assert.deepStrictEqual(
      [await readMain('src/a.txt'), existsSync(path.join(repository(), 'b.txt'))],
      ['changed\n', false],
    );
    assert.equal(git('log', '-1', '--format=%s'), 'Merge the agent\n');
    await assert.rejects(mergeNow(review, 'Again'), { code: 'INVALID_INPUT' });
  });

  it('leaves a merge alone that the person has begun', async () => {
    const review = await open();
    await review.commit('Work', neverAborted);
    git('checkout', '--quiet', '-b', 'other');
    await writeFile(path.join(repository(), 'd.txt'), 'theirs\n');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'theirs');
    git('checkout', '--quiet', 'main');
    git('merge', '--quiet', '--no-ff', '--no-commit', 'other');
    await writeFile(path.join(repository(), 'd.txt'), 'resolved by hand\n');
    git('add', '--all');
    const before = git('rev-parse', 'MERGE_HEAD');
    await assert.rejects(mergeNow(review, 'Merge'), { code: 'INVALID_INPUT' });
    assert.deepStrictEqual(
      [git('rev-parse', 'MERGE_HEAD'), await readMain('d.txt')],
      [before, 'resolved by hand\n'],
    );
  });

  it('stays reachable each time that it is discarded', async () => {
    const first = await (await open()).discard();
    const place = { folder: tree, branch: 'rlm/generalist-session-0001', container: null };
    const again = await workspaces.reopen(
      place,
      {
        ...{ sessionId, profileId: 'generalist', folder: repository(), isolation: 'worktree' },
        ...{ writes: true, deny: [], write: [], parentFolder: null, onQueued: () => undefined },
      },
      neverAborted,
    );
    await writeFile(path.join(again.cwd, 'second.txt'), 'second\n');
    const second = await (await open()).discard();
    assert.deepStrictEqual(
      [git('show', `${first.keptAs}:src/a.txt`), git('show', `${second.keptAs}:second.txt`)],
      ['changed\n', 'second\n'],
    );
  });

  it('keeps a branch that cannot be looked at while its run goes on', async function () {
    if (process.platform === 'win32') {
      this.skip(); // a script stands in for git
    }
    const review = await open();
    await review.commit('Work', neverAborted);
    const branch = 'rlm/generalist-session-0001';
    const tip = git('rev-parse', branch);
    git('worktree', 'remove', '--force', '--force', tree);
    const bin = path.join(folder(), 'bin');
    const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
    await mkdir(bin);
    const script = `case "$*" in *"--verify --quiet refs/heads/${branch}"*) exit 128;; esac\nexec ${real} "$@"`;
    await writeFile(path.join(bin, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const { PATH: before = '' } = process.env;
    process.env['PATH'] = `${bin}:${before}`;
    try {
      await assert.rejects(
        workspaces.reopen(
          { folder: tree, branch, container: null },
          {
            ...{ sessionId, profileId: 'generalist', folder: repository(), isolation: 'worktree' },
            ...{ writes: true, deny: [], write: [], parentFolder: null, onQueued: () => undefined },
          },
          neverAborted,
        ),
        { code: 'INVALID_INPUT' },
      );
    } finally {
      process.env['PATH'] = before;
    }
    assert.equal(git('rev-parse', branch), tip);
  });

  it('changes nothing where it is in conflict, and names the files', async () => {
    const review = await open();
    await review.commit('Work', neverAborted);
    await writeFile(path.join(repository(), 'src', 'a.txt'), 'mine\n');
    git('commit', '--quiet', '--all', '--message', 'mine');
    const head = git('rev-parse', 'HEAD');
    assert.deepStrictEqual((await review.previewMerge(neverAborted)).conflicts, ['src/a.txt']);
    await assert.rejects(mergeNow(review, 'Merge'), /src\/a\.txt/u);
    assert.deepStrictEqual(
      [git('rev-parse', 'HEAD'), git('status', '--porcelain'), await readMain('src/a.txt')],
      [head, '', 'mine\n'],
    );
  });

  it('leaves alone what a person has not committed', async () => {
    const review = await open();
    await review.commit('Work', neverAborted);
    await writeFile(path.join(repository(), 'src', 'a.txt'), 'half done\n');
    await writeFile(path.join(repository(), 'new é.txt'), 'my own\n');
    await assert.rejects(mergeNow(review, 'Merge'), { code: 'INVALID_INPUT' });
    assert.deepStrictEqual(
      [await readMain('src/a.txt'), await readMain('new é.txt')],
      ['half done\n', 'my own\n'],
    );
    assert.equal(existsSync(path.join(repository(), '.git', 'MERGE_HEAD')), false);
  });

  it('can be had again once it is discarded, committed or not', async () => {
    const review = await open();
    await review.commit('Work', neverAborted);
    await writeFile(path.join(tree, 'late.txt'), 'late\n');
    const { keptAs } = await review.discard();
    assert.deepStrictEqual(
      [existsSync(tree), git('branch', '--list', 'rlm/*'), await workspaces.openReview(sessionId)],
      [false, '', null],
    );
    assert.deepStrictEqual(
      ['src/a.txt', 'new é.txt', 'late.txt'].map((file) => git('show', `${keptAs}:${file}`)),
      ['changed\n', 'new\n', 'late\n'],
    );
    assert.equal(git('status', '--porcelain'), '');
  });
});
