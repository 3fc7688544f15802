// A disk that is full, and a home that cannot be written: a clear error, nothing unrecorded in silence.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from '../../support/childProcess';
import { cliPath, startEngine } from '../../support/engineProcess';
import { callError, callOk, openSession } from '../../support/mcpClient';
import { toList } from '../../support/mcpFlows';
import { useTempFolder } from '../../support/tempFolder';

/** Prints more than what the blocks of small files have left. */
const grow = (by: number): string => `x += ${by}; print("y" * 10_000)`;

describe('a full disk', function () {
  this.timeout(60_000);
  let home: string;
  afterEach(() => unmount(home)); // before its folder goes
  const folder = useTempFolder();

  beforeEach(async function () {
    home = path.join(folder(), 'home');
    await mkdir(home);
    if (!mountTinyDisk(home)) {
      this.skip(); // only where this user may mount
    }
  });

  it('fails the step with what to do; with space again the session goes on and has recorded it', async () => {
    const engine = await startEngine('stdio', { home, root: folder() });
    try {
      const { client } = engine;
      const session_id = await openSession(client, { language: 'python' });
      await callOk(client, 'rlm_run_repl', { session_id, code: 'x = 1' });
      const filler = await fillDisk(home);
      const errors = [
        await callError(client, 'rlm_run_repl', { session_id, code: grow(1) }),
        await callError(client, 'rlm_run_repl', { session_id, code: grow(100) }),
        await callError(client, 'rlm_finalize', { session_id, final_text: 'done' }),
        await callError(client, 'rlm_init_context', { context_text: 'x'.repeat(10_000) }),
      ];
      for (const { code, message, next_step } of errors) {
        assert.equal(code, 'INTERNAL_ERROR');
        assert.match(message, /ENOSPC/u);
        assert.match(next_step, /Free disk space/u);
      }
      const { sessions } = await callOk(client, 'rlm_list_sessions');
      assert.deepStrictEqual(
        toList(sessions).map((session) => session['session_id']),
        [session_id],
        'what could not be opened left nothing behind',
      );
      await rm(filler);
      const step = await callOk(client, 'rlm_run_repl', { session_id, code: 'x' });
      assert.deepStrictEqual([step['result'], step['step_index']], ['2', 3]);
      const { events } = await callOk(client, 'rlm_get_trace', { session_id });
      assert.deepStrictEqual(
        toList(events).map((event) => [event['action'], event['step_index']]),
        [
          ['init_context', 0],
          ['run_repl', 1],
          ['run_repl', 2],
          ['run_repl', 3],
        ],
      );
      assert.equal((await readdir(path.join(home, 'sessions'))).length, 1);
    } finally {
      await engine.stop();
    }
  });

  it('says of a step that it has run, and lets what it found be read while nothing can be recorded', async () => {
    const engine = await startEngine('stdio', { home, root: folder() });
    try {
      const { client } = engine;
      const session_id = await openSession(client, { language: 'javascript' });
      await callOk(client, 'rlm_run_repl', { session_id, code: 'var n = 0' });
      const filler = await fillDisk(home);
      const code = 'n += 1; print("y".repeat(10_000))';
      const error = await callError(client, 'rlm_run_repl', { session_id, code });
      assert.match(
        `${error.message} ${error.next_step}`,
        /Step 2 has run.*Do not run its code again/u,
      );
      const read = await callOk(client, 'rlm_get_var', { session_id, var_name: 'n' });
      assert.equal(read['value'], 1);
      await rm(filler);
      const step = await callOk(client, 'rlm_run_repl', { session_id, code: 'n' });
      assert.deepStrictEqual([step['result'], step['step_index']], ['1', 3]);
    } finally {
      await engine.stop();
    }
  });

  it('an engine that ends while it is full ends, and what it answered is there', async () => {
    const first = await startEngine('stdio', { home, root: folder() });
    const session_id = await openSession(first.client, { language: 'javascript' });
    await callOk(first.client, 'rlm_run_repl', { session_id, code: 'var x = 5' });
    const filler = await fillDisk(home);
    await callError(first.client, 'rlm_run_repl', {
      session_id,
      code: `x = 6; print("y".repeat(10_000))`,
    });
    await first.stop();
    await rm(filler);
    const second = await startEngine('stdio', { home, root: folder() });
    try {
      const step = await callOk(second.client, 'rlm_run_repl', { session_id, code: 'x' });
      assert.deepStrictEqual([step['result'], step['step_index']], ['5', 2]);
    } finally {
      await second.stop();
    }
  });
});

describe('a home that cannot be used', () => {
  const folder = useTempFolder();

  for (const command of [['mcp', '--standalone'], ['serve', '--port', '0'], ['status']]) {
    it(`${command.join(' ')} says so and ends with 1`, async () => {
      const file = path.join(folder(), 'file');
      await writeFile(file, '');
      const home = path.join(file, 'home');
      const args = [cliPath, '--home', home, ...command];
      const { exitCode, stdout, stderr } = await runChild(process.execPath, args);
      assert.deepStrictEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, /^INTERNAL_ERROR: Could not use .*home as the home folder: ENOTDIR/u);
      assert.match(stderr, /Next: Check that the home folder exists/u);
    });
  }

  it('a home without write permission names the cure', async function () {
    const home = path.join(folder(), 'sealed');
    await mkdir(home, { mode: 0o500 });
    if (process.platform === 'win32' || process.getuid?.() === 0) {
      if (!mountTinyDisk(home, ['-o', 'ro'])) {
        this.skip(); // permissions do not hold this user
      }
    }
    try {
      const args = [cliPath, '--home', home, 'mcp', '--standalone'];
      const { exitCode, stderr } = await runChild(process.execPath, args);
      assert.equal(exitCode, 1);
      assert.match(stderr, /^INTERNAL_ERROR: Could not use .*sealed as the home folder/u);
      assert.match(stderr, /Next: .*writ.*set RLM_HOME to/u);
    } finally {
      unmount(home);
    }
  });
});

function mountTinyDisk(folder: string, options: readonly string[] = []): boolean {
  if (process.platform !== 'linux') {
    return false;
  }
  try {
    const args = ['-t', 'tmpfs', '-o', 'size=256k', ...options, 'tmpfs', folder];
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function unmount(folder: string): void {
  try {
    execFileSync('umount', [folder], { stdio: 'ignore' });
  } catch {
    // nothing was mounted
  }
}

/** Writes until nothing more goes in; removing the file makes room again. */
async function fillDisk(folder: string): Promise<string> {
  const filler = path.join(folder, 'filler');
  const file = await open(filler, 'w');
  try {
    for (let size = 65_536; size > 0; size = Math.floor(size / 2)) {
      await fillBy(file, size);
    }
  } finally {
    await file.close();
  }
  return filler;
}

async function fillBy(file: Awaited<ReturnType<typeof open>>, size: number): Promise<void> {
  try {
    for (;;) {
      await file.writeFile(Buffer.alloc(size));
    }
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC');
  }
}
