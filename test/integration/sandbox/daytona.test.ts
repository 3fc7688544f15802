// What only a place on another machine can meet, over a Daytona of our own: keys, slow and failing starts, servers
// that are busy, connections that are cut, sandboxes that are gone.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import {
  FakeDaytona,
  type FakeSandbox,
  usualSnapshot,
} from '../../support/fakeDaytona/fakeDaytona';
import { listChildren } from '../../support/processTree';
import { Repl, createDaytonaSandboxes } from '../../support/repl';

const never = new AbortController().signal;

/** The process that holds the places of these tests. */
async function findHolder(): Promise<number> {
  for (const pid of await listChildren(process.pid)) {
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('nativeProcess')) {
      return pid;
    }
  }
  return assert.fail('there is none');
}

describePython(
  'a sandbox of Daytona',
  function () {
    this.timeout(60_000);
    let fake: FakeDaytona;
    let sandboxes: SandboxProcess;
    before(async () => {
      fake = await FakeDaytona.start();
      sandboxes = createDaytonaSandboxes(Promise.resolve(fake));
    });
    after(() => {
      sandboxes.dispose();
      fake.stop();
    });
    beforeEach(() => {
      fake.calls.length = 0;
      fake.faults.length = 0;
    });
    afterEach(() => {
      fake.dropsPieces = 0;
      [...fake.sandboxes.values()].forEach((sandbox) => fake.deleteSandbox(sandbox));
    });
    const open = (): Promise<Repl> => Repl.open(sandboxes, { context: 'a text' });
    const only = (): FakeSandbox => {
      const [sandbox, ...others] = fake.sandboxes.values();
      assert.ok(sandbox && others.length === 0, `there are ${others.length + 1}`);
      return sandbox;
    };
    const close = async (repl: Repl): Promise<void> => {
      repl.sandbox.dispose();
      await fake.until(() => fake.sandboxes.size === 0);
    };

    it('is made without a network, labelled, and with an end; and is deleted with its session', async () => {
      const sandbox = await sandboxes.createSandbox(
        { language: 'python', maxMemoryMb: 256, image: 'ours', sessionId: 'session-1' },
        never,
      );
      const { wish } = only();
      const { 'rlm-companion.owner': owner, ...labels } = wish.labels;
      assert.match(owner ?? '', /^.+:\d+$/u);
      assert.deepStrictEqual(
        [wish.networkBlockAll, wish.autoStopInterval, wish.autoDeleteInterval, wish.snapshot],
        [true, 15, 60, 'ours'],
      );
      assert.deepStrictEqual(labels, {
        'rlm-companion': 'session',
        'rlm-companion.session': 'session-1',
      });
      assert.equal(sandbox.place.image, 'ours');
      sandbox.dispose();
      await fake.until(() => fake.sandboxes.size === 0);
    });

    it('gets no key: not in its files, environment, processes or terminal', async () => {
      const repl = await open();
      const code =
        'import glob, os\nseen = [repr(dict(os.environ))]\n' +
        'for path in [*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"), *glob.glob("/tmp/**", recursive=True)]:\n' +
        '    try: seen.append(open(path, "rb").read().decode("latin1"))\n    except OSError: pass\n' +
        '"\\n".join(seen)';
      const { result } = await repl.run(code, { maxOutputChars: 1_000_000 });
      assert.ok(result?.includes('RLIMIT') && !result.includes(fake.key));
      assert.equal(repl.sandbox.place.image, usualSnapshot);
      const given = fake.calls.map(({ path, body }) => path + body).join('\n');
      assert.ok(!given.includes(fake.key));
      await close(repl);
    });

    it('is waited for while it starts', async () => {
      fake.slowStartPolls = 3;
      const repl = await open();
      fake.slowStartPolls = 0;
      assert.equal(await repl.evaluate('context'), "'a text'");
      await close(repl);
    });

    const refuse = async (pattern: RegExp): Promise<void> => {
      const refused = open().then(
        () => assert.fail('it was opened'),
        (error: { code: string; message: string; nextStep: string }) => error,
      );
      const { code, message, nextStep } = await refused;
      assert.equal(code, 'BACKEND_UNAVAILABLE');
      assert.match(message, pattern);
      assert.ok(nextStep.length > 0);
      assert.ok(!`${message}${nextStep}`.includes(fake.key));
    };

    it('that fails to start says why, and is deleted', async () => {
      fake.failsToStart = true;
      await refuse(/it is error \(no runner has room\)/u);
      fake.failsToStart = false;
      await fake.until(() => fake.sandboxes.size === 0);
    });

    it('whose network is not blocked is not used', async () => {
      fake.blocksNetwork = false;
      await refuse(/network is not blocked/u);
      fake.blocksNetwork = true;
      await fake.until(() => fake.sandboxes.size === 0);
    });

    it('is asked for once where nobody knows whether it was made, and deleted by its name', async () => {
      fake.faults.push({ method: 'POST', path: /sandbox$/u, status: 502, isDone: true });
      await refuse(/answered 502/u);
      assert.equal(fake.calls.filter(({ path }) => path === '/api/sandbox').length, 1);
      await fake.until(() => fake.sandboxes.size === 0);
    });

    it('is asked for again when the server is busy, and said so when it stays so', async () => {
      const busy = {
        method: 'POST',
        path: /sandbox$/u,
        status: 429,
        headers: { 'retry-after': '0' },
      };
      fake.faults.push(busy, busy);
      await close(await open());
      fake.faults.push({ ...busy, headers: { 'retry-after': '3600' } });
      await refuse(/answered 429/u);
    });

    it('is read, filled and deleted again after an error of the server', async () => {
      for (const [method, path] of [
        ['POST', /files\/upload$/u],
        ['POST', /files\/upload$/u],
        ['DELETE', /sandbox\/[^/]+$/u],
      ] as const) {
        fake.faults.push({ method, path, status: 503 });
      }
      await close(await open());
    });

    it('is deleted although its state is about to change', async () => {
      const repl = await open();
      fake.faults.push({ method: 'DELETE', path: /sandbox/u, status: 409 });
      await close(repl);
    });

    for (const status of [401, 403]) {
      it(`names the key where it is refused with ${status}`, async () => {
        const message = `the key ${fake.key} is not good`;
        fake.faults.push({ method: 'POST', path: /sandbox$/u, status, message });
        await refuse(new RegExp(`answered ${status}, “the key … is not good”`, 'u'));
      });
    }

    it('cannot be had where nothing answers', async () => {
      fake.isDown = true;
      await refuse(/could not be reached/u);
      fake.isDown = false;
    });

    it('is in the status with why it cannot be had, for which Daytona is asked once', async () => {
      const others = createDaytonaSandboxes(Promise.resolve(fake));
      fake.faults.push({ method: 'GET', path: /sandbox$/u, status: 503 });
      const [failing] = (await others.readStatus()).backends;
      const asked = fake.calls.filter(({ method }) => method === 'GET'); // one may yet be deleted
      assert.deepStrictEqual([failing?.works, asked.length], [false, 1]);
      assert.match(failing?.detail ?? '', /answered 503/u);
      const [working] = (await others.readStatus()).backends;
      assert.deepStrictEqual([working?.works, working?.nextStep], [true, null]);
      assert.ok(working?.walls.includes('no network'));
      others.dispose();
    });

    it('keeps variables, and the step that runs, when its connection is cut', async () => {
      const repl = await open();
      await repl.run('kept = [1, 2]');
      fake.cutSockets();
      assert.equal(await repl.evaluate('kept'), '[1, 2]');
      const running = repl.evaluate('import time\ntime.sleep(1)\nkept + [3]');
      await fake.until(() => fake.calls.some(({ method }) => method === 'CONNECT'));
      fake.cutSockets();
      assert.equal(await running, '[1, 2, 3]');
      await close(repl);
    });

    it('gives the whole output, in order, however often its connection is cut or loses a part', async () => {
      const repl = await open();
      const expected = Array.from({ length: 60_000 }, (_, index) => `${index}\n`).join('');
      for (let round = 0; round < 6; round += 1) {
        fake.dropsPieces = round % 3;
        const running = repl.run('for n in range(60_000): print(n)', { maxOutputChars: 1_000_000 });
        for (let cuts = 0; cuts < round; cuts += 1) {
          const connected = fake.calls.length;
          fake.cutSockets();
          await fake.until(() => fake.calls.length > connected);
        }
        const { stdout, stateLost, error } = await running;
        assert.equal(stateLost, false, `round ${round}: ${error?.message}`);
        assert.ok(stdout === expected, `round ${round}: ${stdout.length} characters`);
      }
      await close(repl);
    });

    it('takes a long text whole while its connection is cut again and again', async () => {
      const repl = await open();
      const text = Array.from({ length: 300_000 }, (_, index) => `line ${index}`).join('\n');
      let isLoaded = false;
      const loading = repl.load('long', text).finally(() => (isLoaded = true));
      for (let cuts = 0; cuts < 4 && !isLoaded; cuts += 1) {
        const connected = fake.calls.length;
        fake.cutSockets();
        await fake.until(() => fake.calls.length > connected);
      }
      await loading;
      const code = 'import hashlib\nhashlib.sha256(long.encode()).hexdigest()';
      const expected = createHash('sha256').update(text).digest('hex');
      assert.equal(await repl.evaluate(code), `'${expected}'`);
      await close(repl);
    });

    it('that is deleted in a step is a loss that is told, and another one takes its place', async () => {
      const repl = await open();
      await repl.run('made = 1');
      const running = repl.run('import time\nprint("begun")\ntime.sleep(30)');
      await new Promise((resolve) => setImmediate(resolve));
      fake.deleteSandbox(only());
      const outcome = await running;
      assert.equal(outcome.stateLost, true);
      assert.match(outcome.error?.message ?? '', /deleted at Daytona.*made/su);
      assert.equal(await repl.evaluate('context'), "'a text'");
      await close(repl);
    });

    for (const [what, lose] of [
      ['stopped', () => fake.stopSandbox(only())],
      ['deleted', () => fake.deleteSandbox(only())],
    ] as const) {
      it(`that is ${what} between steps is told to its session, whose record makes it anew`, async () => {
        const repl = await open();
        await repl.run('made = 1');
        const died = new Promise<string>((resolve) => {
          repl.sandbox.onDidDie(resolve);
        });
        lose();
        assert.match(await died, new RegExp(what, 'u'));
        await close(repl);
      });
    }

    it('stops by itself when no engine is left to delete it', async () => {
      const repl = await open();
      const holder = await findHolder();
      const died = new Promise<string>((resolve) => {
        repl.sandbox.onDidDie(resolve);
      });
      process.kill(holder, 'SIGKILL');
      await died;
      const sandbox = only();
      await fake.until(() => [...sandbox.terminals.values()].every(({ size }) => size === 0));
      fake.passMinutes(15);
      assert.equal(sandbox.state, 'stopped');
      fake.passMinutes(60);
      assert.equal(fake.sandboxes.size, 0);
      repl.sandbox.dispose();
    });

    it('is deleted when its engine ends', async () => {
      await open();
      assert.equal(fake.sandboxes.size, 1);
      sandboxes.dispose();
      await fake.until(() => fake.sandboxes.size === 0);
    });
  },
  ['daytona'],
);
