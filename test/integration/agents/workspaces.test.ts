// Workspaces with the real git.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalWorkspaces } from '../../../src/agents/workspaces/localWorkspaces';
import { RlmError } from '../../../src/core/errors';
import type { WorkspaceRequest } from '../../../src/core/agent/workspaces';
import { systemClock } from '../../../src/systemClock';
import { useTempFolder } from '../../support/tempFolder';

const never = new AbortController().signal;

describe('workspaces of agents', function () {
  this.timeout(60_000);
  const folder = useTempFolder();
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: repository(), encoding: 'utf8' });
  const repository = (): string => path.join(folder(), 'repo');
  let dead: Set<string>;

  beforeEach(async () => {
    dead = new Set();
    await mkdir(path.join(repository(), 'src'), { recursive: true });
    await writeFile(path.join(repository(), 'src', 'a.txt'), 'one\n');
    await writeFile(path.join(repository(), 'b.txt'), 'two\n');
    await writeFile(path.join(repository(), '.gitignore'), 'out/\n');
    git('init', '--quiet', '--initial-branch=main');
    git('config', 'user.email', 'a@example.com');
    git('config', 'user.name', 'A');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'first');
  });

  function open(engineId = 'engine-1'): LocalWorkspaces {
    return new LocalWorkspaces({
      home: path.join(folder(), 'home', 'agents'),
      roots: [folder()],
      baseFolder: repository(),
      engineId,
      isEngineAlive: async (id) => !dead.has(id),
      clock: systemClock,
    });
  }

  function request(over: Partial<WorkspaceRequest> = {}): WorkspaceRequest {
    return {
      sessionId: 'session-0001',
      profileId: 'generalist',
      folder: repository(),
      parentFolder: null,
      isolation: 'worktree',
      writes: true,
      deny: [],
      write: [],
      onQueued: () => undefined,
      ...over,
    };
  }

  it('what is made, changed and deleted is told, whoever did it, and the repository is left as it was', async () => {
    const workspace = await open().prepare(request(), never);
    await writeFile(path.join(workspace.cwd, 'src', 'a.txt'), 'changed\n');
    await writeFile(path.join(workspace.cwd, 'new file é.txt'), 'new\n');
    await mkdir(path.join(workspace.cwd, 'out'));
    await writeFile(path.join(workspace.cwd, 'out', 'ignored'), 'x');
    execFileSync('rm', ['b.txt'], { cwd: workspace.cwd });
    const { changes, diff } = await workspace.readChanges(never);
    assert.deepStrictEqual(changes, [
      { path: 'b.txt', change: 'delete' },
      { path: 'new file é.txt', change: 'add' },
      { path: 'src/a.txt', change: 'update' },
    ]);
    assert.match(diff, /-one\n\+changed/u);
    assert.equal(git('status', '--porcelain'), '');
    assert.equal(await readFile(path.join(repository(), 'src', 'a.txt'), 'utf8'), 'one\n');
    const [left] = await workspace.release();
    assert.match(left ?? '', /branch rlm\/generalist-/u);
    assert.ok(existsSync(workspace.cwd));
  });

  it('what is not committed is not in a worktree, and that is said', async () => {
    await writeFile(path.join(repository(), 'b.txt'), 'not committed\n');
    await writeFile(path.join(repository(), 'new.txt'), 'new\n');
    const workspace = await open().prepare(request(), never);
    assert.match(workspace.notes.join(''), /Not in it[^]*b\.txt, new\.txt/u);
    assert.equal(await readFile(path.join(workspace.cwd, 'b.txt'), 'utf8'), 'two\n');
    await workspace.release();
    const clean = await open().prepare(
      request({ sessionId: 'session-0003', isolation: 'folder' }),
      never,
    );
    assert.deepStrictEqual(clean.notes, []);
    await clean.release();
  });

  it('a child begins with what its parent has, committed or not, and outlives its worktree', async () => {
    const parent = await open().prepare(request({ folder: path.join(repository(), 'src') }), never);
    await writeFile(path.join(parent.cwd, 'a.txt'), 'of the parent\n');
    await writeFile(path.join(parent.place.folder, 'new.txt'), 'new\n');
    const child = await open().prepare(
      request({ sessionId: 'session-0004', parentFolder: parent.cwd }),
      never,
    );
    assert.equal(await readFile(path.join(child.cwd, 'a.txt'), 'utf8'), 'of the parent\n');
    assert.equal(await readFile(path.join(child.place.folder, 'new.txt'), 'utf8'), 'new\n');
    assert.deepStrictEqual((await child.readChanges(never)).changes, []);
    assert.match(child.notes.join(''), /begins with what its parent had/u);
    const reader = await open().prepare(
      request({ isolation: 'folder', writes: false, parentFolder: parent.cwd }),
      never,
    );
    assert.equal(reader.cwd, parent.cwd);
    await reader.release();
    await rm(path.join(parent.cwd, 'a.txt'));
    await rm(path.join(parent.place.folder, 'new.txt'));
    git('-C', parent.place.folder, 'checkout', '--', '.');
    assert.deepStrictEqual(await parent.release(), []);
    await writeFile(path.join(child.cwd, 'a.txt'), 'of the child\n');
    assert.equal((await child.readChanges(never)).changes.length, 1);
    const commit = await child.commit('by the child', never);
    assert.match(git('log', '--oneline', commit.branch), /by the child\n.*had not committed/u);
  });

  it('a part of a repository is worked on within its worktree', async () => {
    const part = path.join(repository(), 'src');
    const workspace = await open().prepare(request({ folder: part }), never);
    assert.equal(path.basename(workspace.cwd), 'src');
    await writeFile(path.join(workspace.cwd, 'c.txt'), 'c');
    const { changes } = await workspace.readChanges(never);
    assert.deepStrictEqual(changes, [{ path: 'c.txt', change: 'add' }]);
  });

  it('a worktree without work is removed with its branch, and one with a commit is kept', async () => {
    const workspaces = open();
    const clean = await workspaces.prepare(request(), never);
    assert.match(git('worktree', 'list', '--porcelain'), /locked RLM session session-0001/u);
    assert.deepStrictEqual(await clean.release(), []);
    assert.equal(existsSync(clean.cwd), false);
    assert.equal(git('branch', '--list', 'rlm/*'), '');
    const worked = await workspaces.prepare(request({ sessionId: 'session-0002' }), never);
    await writeFile(path.join(worked.cwd, 'b.txt'), 'three\n');
    const hook = path.join(repository(), '.git', 'hooks', 'pre-commit');
    await writeFile(hook, '#!/bin/sh\nexit 1\n');
    await chmod(hook, 0o755);
    const { branch, commit } = await worked.commit('Change b', never);
    assert.equal(git('rev-parse', branch).trim(), commit);
    assert.equal((await worked.release()).length, 1);
    assert.match(git('branch', '--list', 'rlm/*'), /session-0002|rlm\//u);
  });

  it('what an engine that died has left is listed, and removed only when nothing is lost by it', async () => {
    const first = await open('engine-1').prepare(request(), never);
    const second = await open('engine-1').prepare(request({ sessionId: 'session-0002' }), never);
    await writeFile(path.join(second.cwd, 'work.txt'), 'work');
    const workspaces = open('engine-2');
    assert.deepStrictEqual(await workspaces.listLeft(), []);
    dead.add('engine-1');
    const left = await workspaces.listLeft();
    assert.deepStrictEqual(
      left.map(({ sessionId, holdsWork }) => [sessionId, holdsWork]),
      [
        ['session-0001', false],
        ['session-0002', true],
      ],
    );
    const [clean, worked] = left;
    assert.ok(clean && worked);
    await workspaces.remove(clean, false);
    await assert.rejects(
      workspaces.remove(worked, false),
      (thrown) => thrown instanceof RlmError && thrown.code === 'INVALID_INPUT',
    );
    assert.ok(existsSync(second.cwd));
    await workspaces.remove(worked, true);
    assert.equal(existsSync(first.cwd) || existsSync(second.cwd), false);
    assert.equal(git('worktree', 'list').trim().split('\n').length, 1);
    assert.equal(git('branch', '--list', 'rlm/*'), '');
  });

  it('a run that goes on finds its worktree as it left it', async () => {
    const before = await open('engine-1').prepare(request(), never);
    await writeFile(path.join(before.cwd, 'work.txt'), 'work');
    dead.add('engine-1');
    const after = await open('engine-2').reopen(before.place, request(), never);
    assert.equal(after.cwd, before.cwd);
    const { changes } = await after.readChanges(never);
    assert.deepStrictEqual(changes, [{ path: 'work.txt', change: 'add' }]);
  });

  it('a run whose empty worktree was removed gets one of the same branch', async () => {
    const before = await open().prepare(request(), never);
    await before.release();
    const after = await open().reopen(before.place, request(), never);
    assert.deepStrictEqual(after.place, before.place);
    assert.deepStrictEqual((await after.readChanges(never)).changes, []);
  });

  it('those that write to one folder do so one after another, in the order they came', async () => {
    const workspaces = open();
    const told: string[] = [];
    const ask = (sessionId: string, signal = never) =>
      workspaces.prepare(
        request({
          sessionId,
          isolation: 'folder',
          onQueued: (place) => told.push(`${sessionId} ${place ?? 'goes'}`),
        }),
        signal,
      );
    const first = await ask('first');
    const controller = new AbortController();
    const second = ask('second');
    const third = ask('third', controller.signal);
    const fourth = ask('fourth');
    const reader = await workspaces.prepare(
      request({ sessionId: 'reader', isolation: 'folder', writes: false }),
      never,
    );
    await reader.release(); // who only reads waits for nobody
    controller.abort();
    await assert.rejects(third, { code: 'CANCELLED' });
    await first.release();
    await (await second).release();
    await (await fourth).release();
    assert.deepStrictEqual(told, ['second 1', 'third 2', 'fourth 3', 'second goes', 'fourth goes']);
  });

  it('the lease of an engine that is gone is taken over', async () => {
    await open('engine-1').prepare(request({ isolation: 'folder' }), never);
    dead.add('engine-1');
    const next = await open('engine-2').prepare(request({ isolation: 'folder' }), never);
    assert.deepStrictEqual(await next.release(), []);
  });

  it('a path that leaves the folder, by its words or by a link, is a violation', async () => {
    const workspace = await open().prepare(request(), never);
    await symlink(folder(), path.join(workspace.cwd, 'link'));
    const paths = ['b.txt', 'src/new.txt', '../x', '/etc/passwd', 'link/y'];
    assert.deepStrictEqual(await workspace.findViolations(paths), [
      '../x',
      '/etc/passwd',
      'link/y',
    ]);
  });

  it('many are made and removed of one repository at once, by engines that know nothing of each other', async () => {
    const engines = ['engine-1', 'engine-2', 'engine-3'].map(open);
    const made = await Promise.all(
      Array.from({ length: 36 }, async (_, index) => {
        const sessionId = `session-${String(index).padStart(4, '0')}`;
        const one = await engines[index % engines.length]?.prepare(request({ sessionId }), never);
        return index % 2 === 0 ? one?.release() : ['kept'];
      }),
    );
    assert.deepStrictEqual(
      made,
      made.map((_, index) => (index % 2 === 0 ? [] : ['kept'])),
    );
    assert.equal(git('worktree', 'list').trim().split('\n').length, 19);
    assert.equal(git('branch', '--list', 'rlm/*').trim().split('\n').length, 18);
  });

  it('cancelled while it prepares, it leaves nothing', async () => {
    const workspaces = open();
    for (const delayMs of [0, 5, 20, 60]) {
      const signal = AbortSignal.timeout(delayMs);
      const made = await workspaces.prepare(request(), signal).catch(() => null);
      await made?.release();
    }
    assert.equal(git('worktree', 'list').trim().split('\n').length, 1);
    assert.equal(git('branch', '--list', 'rlm/*'), '');
    dead.add('engine-1');
    assert.deepStrictEqual(await open('engine-2').listLeft(), []);
  });

  const refused: readonly (readonly [name: string, folder: () => string, code: string])[] = [
    ['a folder outside of the roots', () => '/usr', 'PATH_NOT_ALLOWED'],
    ['one that is not there', () => path.join(repository(), 'nothing'), 'INVALID_INPUT'],
    ['a file', () => path.join(repository(), 'b.txt'), 'INVALID_INPUT'],
  ];
  for (const [name, where, code] of refused) {
    it(`${name} is refused`, async () => {
      await assert.rejects(open().readFolder(where()), { code });
    });
  }

  it('a folder in no repository can be worked in, and is no worktree', async () => {
    const plain = path.join(folder(), 'plain');
    await mkdir(plain);
    assert.deepStrictEqual(await open().readFolder(plain), { folder: plain, isRepository: false });
    await assert.rejects(open().prepare(request({ folder: plain }), never), {
      code: 'INVALID_INPUT',
    });
    const workspace = await open().prepare(request({ folder: plain, isolation: 'folder' }), never);
    assert.equal(workspace.cwd, plain);
    await workspace.release();
  });
});
