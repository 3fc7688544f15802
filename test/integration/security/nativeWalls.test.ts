// Attacks on a Python or Node of the system from inside its place: what it must not read, reach or change.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, type Server, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import type { Language } from '../../../src/core/sandbox';
import { describePython, nativeBackends, nodeImage, testImage } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';
import { javascriptPrelude, javascriptProbes } from './javascriptProbes';
import { pythonProbes } from './pythonProbes';

const secretName = 'RLM_PLANTED_API_KEY';
const secret = 'planted-2c81-key';

interface Attacks {
  readonly language: Language;
  readonly image: string;
  /** Run first. */
  readonly prelude: string;
  /** Each gives what it could do: `[]` is what it must be. */
  readonly probes: Readonly<Record<string, string>>;
}

const attacks: readonly Attacks[] = [
  { language: 'python', image: testImage, prelude: '', probes: pythonProbes },
  {
    language: 'javascript',
    image: nodeImage,
    prelude: javascriptPrelude,
    probes: javascriptProbes,
  },
];

for (const { language, image, prelude, probes } of attacks) {
  describePython(
    `the walls around a native place, in ${language}`,
    function (backend) {
      this.timeout(60_000);
      let sandboxes: SandboxProcess;
      let repl: Repl;
      let folder: string;
      let server: Server;
      let connections = 0;

      before(async () => {
        process.env[secretName] = secret;
        process.env['OPENAI_API_KEY'] = secret;
        folder = await mkdtemp(path.join(os.tmpdir(), 'rlm-walls-'));
        await writeFile(path.join(folder, 'secret.txt'), secret, { mode: 0o644 });
        server = createServer((socket) => {
          connections += 1;
          socket.destroy();
        });
        await new Promise<void>((resolve) => server.listen(0, '::', resolve));
        sandboxes = createSandboxes(backend, [], image);
        repl = await Repl.open(sandboxes, { language, context: 'a text' });
        assert.equal((await repl.run(`${prelude}\nkept = 1`)).error, null);
      });
      after(async () => {
        delete process.env[secretName];
        delete process.env['OPENAI_API_KEY'];
        sandboxes.dispose();
        await new Promise((resolve) => server.close(resolve));
        await rm(folder, { recursive: true, force: true });
      });

      for (const [name, code] of Object.entries(probes)) {
        it(`hold against ${name}`, async () => {
          const { port } = server.address() as AddressInfo; // it listens on TCP
          const filled = code
            .replaceAll('{port}', String(port))
            .replaceAll('{secretFile}', path.join(folder, 'secret.txt'))
            .replaceAll('{marker}', path.join(folder, 'marker'))
            .replaceAll('{pid}', String(process.pid))
            .replaceAll('{parent}', String(process.ppid));
          const outcome = await repl.run(filled);
          assert.deepStrictEqual([outcome.error?.traceback, outcome.result], [undefined, '[]']);
          assert.equal(existsSync(path.join(folder, 'marker')), false);
          assert.equal(connections, 0);
          assert.ok(!JSON.stringify(outcome).includes(secret));
          assert.equal(await repl.evaluate('kept'), '1');
        });
      }
    },
    nativeBackends,
  );
}
