// What an agent that may write anything in its folder puts there for the git of its host: nothing of it is ever run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalWorkspaces } from '../../../src/agents/workspaces/localWorkspaces';
import type { Isolation } from '../../../src/core/agent/permissions';
import type { Workspace } from '../../../src/core/agent/workspaces';
import { systemClock } from '../../../src/systemClock';
import { useTempFolder } from '../../support/tempFolder';

const never = new AbortController().signal;

describe('the git of a workspace', function () {
  this.timeout(60_000);
  const folder = useTempFolder();
  const repository = (): string => path.join(folder(), 'repo');
  const canary = (): string => path.join(folder(), 'canary');
  const program = (): string => path.join(folder(), 'evil');
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'protocol.file.allow=always', ...args], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, GIT_CONFIG_GLOBAL: path.join(folder(), 'gitconfig') },
      stdio: ['ignore', 'pipe', 'ignore'],
    });

  before(function () {
    if (process.platform === 'win32') {
      this.skip(); // the program that would be run is a script of a shell
    }
  });

  beforeEach(async () => {
    await writeFile(
      path.join(folder(), 'gitconfig'),
      '[user]\n\tname = A\n\temail = a@example.com\n',
    );
    await writeFile(program(), `#!/bin/sh\necho "$@" >> '${canary()}'\ncat\n`);
    await chmod(program(), 0o755);
    const inner = path.join(folder(), 'inner');
    for (const one of [inner, repository()]) {
      await mkdir(path.join(one, 'src'), { recursive: true });
      await writeFile(path.join(one, 'src', 'a.txt'), 'one\n');
      git(one, 'init', '--quiet', '--initial-branch=main');
      git(one, 'config', 'user.email', 'a@example.com');
      git(one, 'config', 'user.name', 'A');
      git(one, 'add', '-A');
      git(one, 'commit', '--quiet', '-m', 'first');
    }
    git(repository(), 'submodule', '--quiet', 'add', inner, 'sub');
    git(repository(), 'commit', '--quiet', '-m', 'second');
  });

  /** Settings under which git runs the program, whatever it is asked. */
  function writeSettings(gitDir: string): void {
    for (const [name, value] of [
      ...['clean', 'smudge'].map((what) => [`filter.evil.${what}`, `${program()} filter`] as const),
      ['core.fsmonitor', program()],
      ['core.hooksPath', path.join(folder(), 'hooks')],
      ['diff.external', program()],
      ['diff.evil.command', program()],
      ['diff.evil.textconv', program()],
      ['core.pager', program()],
      ['core.editor', program()],
      ['core.sshCommand', program()],
      ['gpg.program', program()],
      ['commit.gpgSign', 'true'],
      ['core.askPass', program()],
      ['credential.helper', program()],
      ['core.alternateRefsCommand', program()],
      ['merge.evil.driver', program()],
    ] as const) {
      git(folder(), 'config', '--file', path.join(gitDir, 'config'), name, value);
    }
  }

  async function makeEvilRepository(at: string): Promise<string> {
    await rm(at, { recursive: true, force: true });
    await cp(path.join(folder(), 'inner'), at, { recursive: true });
    writeSettings(path.join(at, '.git'));
    await writeFile(path.join(at, '.gitattributes'), '* filter=evil diff=evil merge=evil\n');
    await writeFile(path.join(at, 'src', 'a.txt'), 'two\n');
    return path.join(at, '.git');
  }

  /** What the agent does in its folder. */
  const attacks: Readonly<Record<string, (top: string) => Promise<unknown>>> = {
    'another repository in place of its .git': async (top) => {
      const evil = await makeEvilRepository(path.join(folder(), 'elsewhere'));
      await rm(path.join(top, '.git'), { recursive: true, force: true });
      await cp(evil, path.join(top, '.git'), { recursive: true });
    },
    'a .git that leads to another repository': async (top) => {
      const evil = await makeEvilRepository(path.join(top, 'hidden'));
      await rm(path.join(top, '.git'), { recursive: true, force: true });
      await writeFile(path.join(top, '.git'), `gitdir: ${evil}\n`);
    },
    'a repository in a new folder': (top) => makeEvilRepository(path.join(top, 'new')),
    'a repository in a folder that was there': (top) => makeEvilRepository(path.join(top, 'src')),
    'a repository in place of a submodule': (top) => makeEvilRepository(path.join(top, 'sub')),
    'attributes and modules that name programs': async (top) => {
      await writeFile(path.join(top, '.gitattributes'), '* filter=evil diff=evil merge=evil\n');
      await writeFile(
        path.join(top, '.gitmodules'),
        `[submodule "sub"]\n\tpath = sub\n\turl = ext::${program()}\n\tupdate = !${program()}\n`,
      );
    },
    hooks: async (top) => {
      await mkdir(path.join(top, '.githooks'));
      for (const hook of ['pre-commit', 'post-commit', 'post-checkout', 'post-index-change']) {
        await cp(program(), path.join(top, '.githooks', hook));
      }
    },
  };

  /** Without a sandbox alone, and then the agent runs what it likes anyway. */
  const needsNoSandbox = [
    'another repository in place of its .git',
    'a .git that leads to another repository',
  ];

  for (const isolation of ['worktree', 'folder'] satisfies readonly Isolation[]) {
    for (const [what, attack] of Object.entries(attacks)) {
      if (isolation === 'folder' && needsNoSandbox.includes(what)) {
        continue;
      }
      it(`runs nothing in a ${isolation} with ${what}`, async () => {
        const workspaces = new LocalWorkspaces({
          ...{ home: path.join(folder(), 'home', 'agents'), roots: [folder()] },
          ...{ baseFolder: repository(), engineId: 'engine-1', clock: systemClock },
          isEngineAlive: async () => false,
        });
        const common = {
          writes: true,
          deny: [],
          write: [],
          onQueued: () => undefined,
          parentFolder: null,
        };
        const workspace = await workspaces.prepare(
          {
            ...{ sessionId: 'session-0001', profileId: 'generalist', folder: repository() },
            ...common,
            isolation,
          },
          never,
        );
        const { cwd } = workspace;
        await attack(cwd);
        await writeFile(path.join(cwd, 'made.txt'), 'made\n');
        await assertTells(workspace);
        await assertTells(workspace); // with what the first look has left
        if (isolation === 'worktree') {
          const child = await workspaces.prepare(
            {
              ...{ sessionId: 'session-0002', profileId: 'generalist', folder: cwd },
              ...{ ...common, isolation, parentFolder: cwd },
            },
            never,
          );
          assert.ok(existsSync(path.join(child.cwd, 'made.txt')), 'a child sees it');
          await child.release();
          const { commit } = await workspace.commit('made', never);
          assert.equal(git(repository(), 'show', `${commit}:made.txt`), 'made\n');
          await assertTells(workspace);
        }
        const review = await workspaces.openReview('session-0001');
        if (review) {
          await review.readChanges(never);
          const shown = await review.previewMerge(never);
          await review.merge('merged', shown, never).catch(() => undefined); // a repository inside may not merge
          await writeFile(path.join(cwd, 'more.txt'), 'more\n');
          await review.readOriginal('src/a.txt');
        }
        await workspace.release();
        const [left] = await workspaces.listLeft();
        if (left) {
          assert.ok(left.holdsWork);
          await workspaces.remove(left, true);
          assert.equal(existsSync(cwd), false);
        }
        assert.equal(existsSync(canary()), false, 'the program was run');
      });
    }
  }

  async function assertTells(workspace: Workspace): Promise<void> {
    const { changes } = await workspace.readChanges(never);
    assert.ok(
      changes.some((change) => change.path === 'made.txt' && change.change === 'add'),
      JSON.stringify(changes),
    );
  }

  it('would run it, were git left to find the repository', async () => {
    const evil = path.join(folder(), 'elsewhere');
    await makeEvilRepository(evil);
    git(evil, 'add', '--all');
    assert.ok(existsSync(canary()));
  });
});
