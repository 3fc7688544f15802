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
      const {
        'rlm-companion.owner': owner,
        'rlm-companion.machine': machine,
        ...labels
      } = wish.labels;
      assert.match(machine ?? '', /^[0-9a-f]{16}$/u);
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

    it('is waited for as long as the limiter that refused says in a header of its own', async () => {
      const busy = { method: 'POST', path: /sandbox$/u, status: 429 };
      fake.faults.push({ ...busy, headers: { 'Retry-After-sandbox-create': '0' } });
      await close(await open());
      fake.faults.push({ ...busy, headers: { 'Retry-After-sandbox-create': '3600' } });
      await refuse(/answered 429/u);
      const created = fake.calls.filter(({ path }) => path === '/api/sandbox');
      assert.equal(created.length, 3);
    });

    it('is waited for by the server’s clock, however wrong that of this machine is', async () => {
      const date = 'Mon, 05 Jan 2015 10:00:00 GMT';
      const later = 'Mon, 05 Jan 2015 12:00:00 GMT';
      const busy = { method: 'POST', path: /sandbox$/u, status: 429 };
      fake.faults.push({ ...busy, headers: { date, 'Retry-After': date } });
      await close(await open());
      fake.faults.push({ ...busy, headers: { date, 'Retry-After': later } });
      await refuse(/answered 429/u);
    });

    for (const [what, fault, pattern, step] of [
      [
        'a page of something else',
        { status: 200, body: '<html>Sign in</html>' },
        /does not speak as Daytona does/u,
        /DAYTONA_API_URL/u,
      ],
      [
        'a redirect, which its key does not follow',
        { status: 307, headers: { location: 'http://127.0.0.1:9/' } },
        /answered 307/u,
        /follows no redirect/u,
      ],
      [
        'an answer without end',
        { status: 200, body: `"${'x'.repeat(9_000_000)}"` },
        /does not speak as Daytona does/u,
        /DAYTONA_API_URL/u,
      ],
      [
        'a list of what is wrong with what it was asked',
        { status: 400, body: JSON.stringify({ message: ['name is too long', 'no target'] }) },
        /“name is too long, no target”/u,
        /snapshot/u,
      ],
    ] as const) {
      it(`cannot be had where the answer is ${what}`, async () => {
        fake.faults.push({ method: 'POST', path: /sandbox$/u, ...fault });
        const error = await open().then(
          () => assert.fail('it was opened'),
          (thrown: { code: string; message: string; nextStep: string }) => thrown,
        );
        assert.equal(error.code, 'BACKEND_UNAVAILABLE');
        assert.match(error.message, pattern);
        assert.match(error.nextStep, step);
      });
    }

    it('counts as deleted by Daytona’s word alone', async () => {
      const repl = await open();
      fake.faults.push({ method: 'DELETE', path: /sandbox/u, status: 200, body: '<html></html>' });
      await close(repl);
    });

    it('has one terminal, also where its making was done and not answered', async () => {
      fake.faults.push({ method: 'POST', path: /process\/pty$/u, status: 502, isDone: true });
      const repl = await open();
      assert.equal(only().terminals.size, 1);
      await close(repl);
    });

    const openCancellable = () => {
      const cancel = new AbortController();
      const stages: string[] = [];
      const opened = sandboxes.createSandbox(
        { language: 'python', maxMemoryMb: 256 },
        cancel.signal,
        (stage) => stages.push(stage),
      );
      const code = opened.then(
        () => 'opened',
        (thrown: { code: string }) => thrown.code,
      );
      return { cancel, stages, code };
    };

    it('that is no longer waited for while it is asked for is deleted when it comes to be all the same', async () => {
      let make = (): void => undefined;
      fake.creating = new Promise((resolve) => (make = resolve));
      const { cancel, code } = openCancellable();
      await fake.until(() => fake.calls.length > 0);
      cancel.abort();
      assert.equal(await code, 'CANCELLED');
      await fake.until(() => fake.calls.some(({ method }) => method === 'DELETE'));
      fake.creating = Promise.resolve();
      make();
      await fake.until(() => fake.sandboxes.size === 1);
      await fake.until(() => fake.sandboxes.size === 0);
    });

    it('that is no longer waited for while it starts is deleted once it can be', async () => {
      fake.slowStartPolls = 1_000;
      const { cancel, stages, code } = openCancellable();
      await fake.until(() => fake.calls.filter(({ method }) => method === 'GET').length > 1);
      const sandbox = only();
      cancel.abort();
      assert.equal(await code, 'CANCELLED');
      fake.slowStartPolls = 0;
      await fake.until(() => fake.calls.some(({ method }) => method === 'DELETE'));
      assert.equal(fake.sandboxes.size, 1);
      sandbox.pollsLeft = 0;
      await fake.until(() => fake.sandboxes.size === 0);
      assert.deepStrictEqual(stages.slice(0, 2), [
        'a sandbox is made at Daytona',
        'Daytona’s sandbox is creating',
      ]);
    });

    it('that is no longer waited for while its Python starts is deleted', async () => {
      const { cancel, code } = openCancellable();
      await fake.until(() => fake.calls.some(({ method }) => method === 'CONNECT'));
      cancel.abort();
      assert.equal(await code, 'CANCELLED');
      await fake.until(() => fake.sandboxes.size === 0);
    });

    it('waits for no other that starts, however many do', async () => {
      fake.slowStartPolls = 1_000;
      const cancel = new AbortController();
      const slow = Array.from({ length: 4 }, () =>
        sandboxes.createSandbox({ language: 'python', maxMemoryMb: 256 }, cancel.signal),
      );
      const ended = Promise.allSettled(slow);
      await fake.until(() => fake.sandboxes.size === 4);
      const starting = [...fake.sandboxes.values()];
      fake.slowStartPolls = 0;
      const repl = await open();
      repl.sandbox.dispose();
      cancel.abort();
      starting.forEach((sandbox) => (sandbox.pollsLeft = 0));
      await ended;
      await fake.until(() => fake.sandboxes.size === 0);
    });

    for (const state of ['resizing', 'snapshotting', 'forking']) {
      it(`keeps its state while it is ${state}, though its connection is cut`, async () => {
        const repl = await open();
        await repl.run('kept = [1, 2]');
        const sandbox = only();
        sandbox.state = state;
        const asked = fake.calls.length;
        fake.cutSockets();
        await fake.until(() => fake.calls.slice(asked).some(({ method }) => method === 'GET'));
        sandbox.state = 'started';
        assert.equal(await repl.evaluate('kept'), '[1, 2]');
        await close(repl);
      });
    }

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
      assert.ok(working?.walls.includes('network: none'));
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
