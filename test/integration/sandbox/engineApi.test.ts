// Containers by the API of a real podman server on a socket, with the same walls, session and end as by its program.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findRuntime } from '../../../src/sandbox/native/container/runtimeCli';
import { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, testImage } from '../../support/backends';
import { Repl, sandboxFolder } from '../../support/repl';
import { listChildren } from '../../support/processTree';

describePython(
  'containers by a server’s API',
  function () {
    this.timeout(90_000);
    let folder: string;
    let server: ChildProcess;
    let sandboxes: SandboxProcess;
    let address: string;
    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'rlm-engine-'));
      const socket = path.join(folder, 'engine.sock');
      address = `unix://${socket}`;
      const watcher = watch(folder);
      server = spawn('podman', ['system', 'service', '--time', '0', address], { stdio: 'ignore' });
      while (!(await readdir(folder)).includes('engine.sock')) {
        await once(watcher, 'change');
      }
      watcher.close();
      const image = { image: testImage, network: [] };
      sandboxes = new SandboxProcess({
        folder: sandboxFolder,
        log: () => undefined,
        native: {
          names: ['container'],
          readPlace: async () => ({ kind: 'container', runtime: address, ...image }),
        },
      });
    });
    after(async () => {
      sandboxes.dispose();
      server.kill('SIGKILL');
      await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    });

    it('keep variables, load texts, are interrupted, and have the same walls', async () => {
      const repl = await Repl.open(sandboxes, { context: 'a text '.repeat(200_000) });
      assert.match(repl.sandbox.place.walls.join(), /^podman \d.*by its API,network: none,/u);
      assert.equal(await repl.evaluate('len(context)'), '1400000');
      const { interruption, stateLost } = await repl.run('kept = 5\nwhile True: pass', {
        timeoutMs: 300,
      });
      assert.deepStrictEqual([interruption, stateLost], ['timeout', false]);
      const code =
        'import os\nstatus = dict(line.split(":", 1) for line in open("/proc/self/status"))\nfound = [status[name].strip() for name in ("CapEff", "NoNewPrivs")]\n' +
        'for path in ("/x", "/usr/x"):\n    try: found.append(open(path, "w"))\n    except OSError: pass\nkept, os.getuid(), found, os.listdir("/sys/class/net")';
      assert.equal(await repl.evaluate(code), "(5, 65532, ['0000000000000000', '1'], ['lo'])");
      repl.sandbox.dispose();
    });

    it('are gone with the process that holds them', async () => {
      const repl = await Repl.open(sandboxes);
      assert.equal(await repl.evaluate('1'), '1');
      const list = (): string =>
        execFileSync('podman', ['ps', '--all', '--format', '{{.Labels}}'], { encoding: 'utf8' });
      const children = await listChildren(process.pid);
      const holder = children.find((pid) => list().includes(`:${pid}]`)) ?? 0;
      assert.ok(holder > 0, list());
      process.kill(holder, 'SIGKILL');
      while (list().includes(`:${holder}]`)) {
        // each look takes a while
      }
    });

    it('are refused over TCP to another machine, and where nothing answers', async () => {
      for (const named of [
        'tcp://10.0.0.1:2375',
        'tcp://example.org:2376',
        `unix://${folder}/none`,
      ]) {
        await assert.rejects(findRuntime(named), { code: 'BACKEND_UNAVAILABLE' });
      }
    });
  },
  ['container'],
);
