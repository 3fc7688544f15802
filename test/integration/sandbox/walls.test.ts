// The outer wall: what the sandbox process is started with, and what the runtime's permission flags
// refuse to a process that has them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { createSandboxes, sandboxFolder } from '../../support/repl';

const secretName = 'RLM_PLANTED_SECRET';
const run = promisify(execFile);

describe('the walls of the sandbox process', () => {
  let sandboxes: SandboxProcess;
  let walls: readonly string[];
  let folder: string;

  before(async () => {
    process.env[secretName] = 'planted';
    folder = await mkdtemp(path.join(os.tmpdir(), 'rlm-walls-'));
    await writeFile(path.join(folder, 'secret.txt'), 'planted');
    sandboxes = createSandboxes();
    const status = await sandboxes.readStatus();
    assert.equal(status.placement, 'process');
    ({ walls } = status);
  });
  after(async () => {
    delete process.env[secretName];
    sandboxes.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('is started with flags that leave it one folder to read', async () => {
    const only = path.join(await realpath(sandboxFolder), '*');
    assert.deepStrictEqual(walls.slice(1), ['--allow-worker', `--allow-fs-read=${only}`]);
    assert.match(walls[0] ?? '', /^--(?:experimental-)?permission$/u);
  });

  it('is refused files, programs and native code by those flags', async () => {
    const probe = `
      const fs = require('node:fs');
      const { spawnSync } = require('node:child_process');
      const secret = ${JSON.stringify(path.join(folder, 'secret.txt'))};
      const marker = ${JSON.stringify(path.join(folder, 'marker'))};
      const tries = {
        read: () => fs.readFileSync(secret),
        list: () => fs.readdirSync(${JSON.stringify(folder)}),
        link: () => fs.symlinkSync(secret, marker),
        write: () => fs.writeFileSync(marker, 'x'),
        own: () => fs.writeFileSync(${JSON.stringify(path.join(sandboxFolder, 'marker'))}, 'x'),
        program: () => { const { error } = spawnSync(process.execPath, ['-v']); if (error) throw error; },
        native: () => process.dlopen({ exports: {} }, secret),
      };
      const told = {};
      for (const [name, attempt] of Object.entries(tries)) {
        try { attempt(); told[name] = 'done'; } catch (error) { told[name] = error.code; }
      }
      console.log(JSON.stringify(told));`;
    const { stdout } = await run(process.execPath, [...walls, '--no-warnings', '-e', probe]);
    const { native, ...refused } = JSON.parse(stdout) as Record<string, string>; // the probe's own
    assert.deepStrictEqual(new Set(Object.values(refused)), new Set(['ERR_ACCESS_DENIED']));
    assert.match(native ?? '', /^ERR_(?:ACCESS_DENIED|DLOPEN_DISABLED)$/u);
    assert.deepStrictEqual(await readdir(folder), ['secret.txt']);
  });

  it('has no environment but the channel’s and the allocator’s, no secret in its arguments, and a folder of its own', async function () {
    if (process.platform !== 'linux') {
      this.skip(); // the system does not tell
    }
    const [pid, ...others] = await findSandboxProcesses();
    assert.deepStrictEqual(others, []);
    const read = async (name: string): Promise<string[]> =>
      (await readFile(`/proc/${pid}/${name}`, 'utf8')).split('\0').filter((part) => part !== '');
    const names = (await read('environ')).map((pair) => pair.split('=')[0] ?? '');
    assert.deepStrictEqual(
      names.filter((name) => !name.startsWith('NODE_CHANNEL_')),
      ['MALLOC_ARENA_MAX'], // of the allocator; the same for all
    );
    const real = await realpath(sandboxFolder);
    assert.deepStrictEqual(await read('cmdline'), [
      process.execPath,
      '--no-wasm-code-gc',
      ...walls,
      '--no-warnings',
      path.join(real, 'process.js'),
    ]);
    assert.equal(await readlink(`/proc/${pid}/cwd`), real);
  });
});

/** Children of this process that run the sandbox's entry. Linux only. */
async function findSandboxProcesses(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // it may have ended
      const parent = stat.slice(stat.lastIndexOf(')')).split(' ')[2];
      const isChild = parent === String(process.pid);
      const command = isChild ? await readFile(`/proc/${pid}/cmdline`, 'utf8') : '';
      return command.includes(path.join('sandbox', 'process.js')) ? [pid] : [];
    }),
  );
  return found.flat();
}
