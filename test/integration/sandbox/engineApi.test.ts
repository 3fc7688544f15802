// Containers by the API of a real podman server on a socket, with the same walls, session and end as by its program.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream';
import tls from 'node:tls';
import { findRuntime } from '../../../src/sandbox/native/container/runtimeCli';
import { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, testImage } from '../../support/backends';
import { createSelfSigned } from '../../support/selfSigned';
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

    it('are found by a socket where neither program is, also where the environment names it', async () => {
      const places = ['podman/podman.sock', 'docker.sock'];
      for (const place of places) {
        const own = await mkdtemp(path.join(folder, 'user-'));
        await mkdir(path.join(own, 'podman'));
        await symlink(path.join(folder, 'engine.sock'), path.join(own, place));
        const found = await findRuntime(null, { PATH: own, XDG_RUNTIME_DIR: own });
        assert.deepStrictEqual(found.file, `unix://${path.join(own, place)}`);
        assert.match(found.name, /^podman \d.*by its API$/u);
      }
      for (const name of ['DOCKER_HOST', 'CONTAINER_HOST']) {
        const found = await findRuntime(null, { PATH: folder, [name]: address });
        assert.deepStrictEqual(found.file, address, name);
      }
    });

    it('are had from a server behind TLS by the certificates that docker’s variables name, and by no others', async () => {
      const [ours, others] = [createSelfSigned(1), createSelfSigned(2)];
      const front = tls.createServer(
        { cert: ours.certificate, key: ours.key, ca: ours.certificate, requestCert: true },
        (client) => {
          const back = net.connect(path.join(folder, 'engine.sock'));
          pipeline(client, back, client, () => undefined); // either may go first
        },
      );
      front.on('tlsClientError', () => undefined); // one of those that are refused
      front.listen(0, '127.0.0.1');
      await once(front, 'listening');
      const { port } = front.address() as net.AddressInfo; // it listens on TCP
      const write = async (name: string, parts: readonly string[]): Promise<string> => {
        const certificates = path.join(folder, name);
        await mkdir(certificates);
        const names = ['ca.pem', 'cert.pem', 'key.pem'];
        await Promise.all(
          parts.map((text, at) => writeFile(path.join(certificates, names[at] ?? ''), text)),
        );
        return certificates;
      };
      const named = `tcp://127.0.0.1:${port}`;
      const good = await write('good', [ours.certificate, ours.certificate, ours.key]);
      const verified = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: good };
      const runtime = await findRuntime(named, verified);
      assert.match(await runtime.readImageId(testImage), /^sha256:/u);
      const options = {
        ...{ imageId: await runtime.readImageId(testImage), name: 'rlm-test-tls', owner: 'test' },
        ...{ memoryBytes: 2 ** 28, cpus: 1, maxProcesses: 16, fileBytes: 2 ** 20 },
        pythonArgs: ['-c', 'print(input() + "!")'],
      };
      const started = await runtime.start(options);
      started.input.write('hello\n');
      const [said] = (await once(started.output, 'data')) as [Buffer];
      assert.deepStrictEqual(said.toString(), 'hello!\n');
      await started.ended;

      const bad: Readonly<Record<string, Readonly<Record<string, string>>>> = {
        'another authority': {
          DOCKER_CERT_PATH: await write('a', [others.certificate, ours.certificate, ours.key]),
        },
        'another client': {
          DOCKER_CERT_PATH: await write('b', [ours.certificate, others.certificate, others.key]),
        },
        'no key': { DOCKER_CERT_PATH: await write('c', [ours.certificate]) },
        'no TLS': {},
      };
      for (const [what, environment] of Object.entries(bad)) {
        await assert.rejects(
          findRuntime(named, environment),
          { code: 'BACKEND_UNAVAILABLE' },
          what,
        );
      }
      front.close();
    });

    it('are refused over TCP to another machine, and where nothing answers', async () => {
      for (const named of [
        'tcp://10.0.0.1:2375',
        'tcp://example.org:2376',
        `unix://${folder}/none`,
      ]) {
        await assert.rejects(findRuntime(named, {}), { code: 'BACKEND_UNAVAILABLE' });
      }
    });
  },
  ['container'],
);
