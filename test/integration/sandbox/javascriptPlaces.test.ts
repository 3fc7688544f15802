// What only a Node of the system can do, and what it costs: programs, threads, files that outlive the interpreter, the
// event loop, and code that is out to break what runs it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describeJavascript, itIn, nativeBackends, nodeImage } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

/** Writes to each open pipe as if it were the runner. */
const forge = (text: string): string =>
  `for (let fd = 3; fd < 40; fd++) { try { require('fs').writeSync(fd, ${text}) } catch {} } for (;;);`;
const frame = (message: object): string => {
  const json = JSON.stringify(message);
  return JSON.stringify(String(json.length).padStart(16) + json);
};

describeJavascript(
  'a place with Node',
  function (backend) {
    this.timeout(60_000);
    let sandboxes: SandboxProcess;
    let repl: Repl;
    before(() => (sandboxes = createSandboxes(backend, [], nodeImage)));
    after(() => sandboxes.dispose());
    beforeEach(async () => {
      repl = await Repl.open(sandboxes, { language: 'javascript', context: 'a text' });
      await repl.run('const kept = [1, 2]');
    });
    afterEach(() => repl.sandbox.dispose());

    const checkKept = async (): Promise<void> => {
      assert.deepStrictEqual(
        [await repl.evaluate('kept'), await repl.evaluate('context')],
        ['[ 1, 2 ]', "'a text'"],
      );
    };
    const checkLost = async (code: string, timeoutMs = 30_000): Promise<void> => {
      const outcome = await repl.run(code, { timeoutMs });
      assert.equal(outcome.stateLost, true, `${outcome.error?.message} ${outcome.result}`);
      assert.equal(await repl.evaluate('context'), "'a text'");
    };

    it('says what it is and what stands around it', () => {
      const { place } = repl.sandbox;
      assert.match(place.engine, /^Node\.js \d+\.\d+\.\d+$/u);
      assert.ok(place.walls.includes('system calls filtered'), place.walls.join('; '));
    });

    it('has the usual modules whole before an interrupt could halve them', async () => {
      const names = ['child_process', 'fs/promises', 'http', 'stream', 'timers/promises', 'zlib'];
      const code = `${JSON.stringify(names)}.filter((name) => !process.moduleLoadList.includes('NativeModule ' + name))`;
      assert.equal(await repl.evaluate(code), '[]');
    });

    it('runs threads, programs and what is awaited as Node has them', async () => {
      const code =
        'const { execFileSync } = require("child_process"); const { Worker } = await import("node:worker_threads");\n' +
        'const said = await new Promise((go) => new Worker("require(`worker_threads`).parentPort.postMessage(6 * 7)", { eval: true }).on("message", go));\n' +
        'await require("fs").promises.writeFile("note.txt", "here");\n' +
        '[said, execFileSync("cat", ["note.txt"], { encoding: "utf8" }), require("zlib").gunzipSync(require("zlib").gzipSync("z")).toString()]';
      assert.equal(await repl.evaluate(code), "[ 42, 'here', 'z' ]");
      await checkKept();
    });

    it('keeps its variables while timers are left, and tells what they print in the step that waits', async () => {
      await repl.run('var ticks = 0; const timer = setInterval(() => { ticks += 1 }, 1)');
      const { error } = await repl.run(
        'await new Promise((go) => { const at = setInterval(() => { if (ticks > 2) { clearInterval(at); go() } }, 1) }); clearInterval(timer)',
        { timeoutMs: 20_000 },
      );
      assert.equal(error, null);
      assert.equal(await repl.evaluate('ticks > 2'), 'true');
      await checkKept();
    });

    it('tells what callbacks of the event loop throw', async () => {
      for (const later of [
        'setTimeout(() => { throw new RangeError("late") }, 1)',
        'setImmediate(() => { throw new RangeError("late") })',
        'require("fs").stat("/", () => { throw new RangeError("late") })',
        'process.nextTick(() => { throw new RangeError("late") })',
      ]) {
        const { error } = await repl.run(`${later}; await new Promise((go) => setTimeout(go, 50))`);
        assert.deepStrictEqual([error?.type, error?.message], ['RangeError', 'late'], later);
        await checkKept();
      }
    });

    it('loses the interpreter and keeps files when code does not let go', async () => {
      await repl.run('require("fs").writeFileSync("note.txt", "still here")');
      await checkLost(
        'require("child_process").execFileSync("mkfifo", ["never"]); require("fs").readFileSync("never")',
        300,
      );
      assert.equal(
        await repl.evaluate('require("fs").readFileSync("note.txt", "utf8")'),
        "'still here'",
      );
    });

    const fatal: Readonly<Record<string, string>> = {
      'an end of its process': 'process.exit(3)',
      'an end that runs no handlers': 'process.reallyExit(4)',
      'an abort': 'process.abort()',
      'a kill of its own group': 'process.kill(0, "SIGKILL")',
      'frames that are none': forge('"9".repeat(16) + "{".repeat(100)'),
      'an answer to what was not asked': forge(frame({ kind: 'value', id: 'other', value: null })),
      'an answer for the supervisor': forge(
        frame({ kind: 'filed', id: 'other', answer: { kind: 'done' } }),
      ),
      'a message that nothing says': forge(frame({ kind: 'trusted' })),
    };
    for (const [name, code] of Object.entries(fatal)) {
      it(`goes on after ${name}`, () => checkLost(code, 3_000));
    }

    itIn(nativeBackends, backend)('is not rid of its supervisor by signals', async () => {
      await repl.run(
        'for (const name of ["SIGKILL", "SIGSTOP", "SIGTERM", "SIGHUP"]) { try { process.kill(1, name) } catch {} }',
      );
      await checkKept();
    });

    itIn(nativeBackends, backend)('has a debugger that nobody outside reaches', async () => {
      const port = 39_229;
      const code = `const inspector = require('inspector'); inspector.open(${port}, '127.0.0.1'); const url = inspector.url(); url.startsWith('ws:')`;
      assert.equal(await repl.evaluate(code), 'true');
      const isReached = await new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(true));
        socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
      });
      assert.equal(isReached, false);
      await repl.run('inspector.close()');
      await checkKept();
    });

    const poisons: Readonly<Record<string, string>> = {
      prototypes:
        'for (const type of [Object, Function, Array, String, Number, RegExp, Map, Set, WeakMap, Promise, Error, ArrayBuffer, Uint8Array, Symbol, Date]) for (const key of Reflect.ownKeys(type.prototype)) { if (key === "constructor") continue; try { type.prototype[key] = () => { throw 1 } } catch {} }',
      'constructors and their functions':
        'for (const one of [Object, Reflect, JSON, Math, Atomics, Array, Promise, Number, String, Symbol]) for (const key of Reflect.ownKeys(one)) { if (key === "prototype") continue; try { one[key] = () => { throw 1 } } catch {} }',
      iteration:
        'const at = Object.getPrototypeOf([][Symbol.iterator]()); at.next = () => { throw 1 }; Array.prototype[Symbol.iterator] = null; String.prototype[Symbol.iterator] = null; Map.prototype[Symbol.iterator] = null',
      'accessors that all objects inherit':
        'for (const key of ["value", "get", "set", "then", "code", "kind", "length", "task", "error", "text", "0", "1"]) try { Object.defineProperty(Object.prototype, key, { configurable: true, get() { throw 1 }, set() { throw 2 } }) } catch {}',
      'modules of Node':
        'for (const name of ["fs", "vm", "util", "v8", "buffer", "events", "worker_threads"]) { const one = require(name); for (const key of Object.keys(one)) { try { one[key] = () => { throw 1 } } catch {} } }',
      'buffers and events':
        'for (const one of [Buffer.prototype, require("events").prototype]) for (const key of Reflect.ownKeys(one)) { if (key !== "constructor") try { one[key] = () => { throw 1 } } catch {} }',
      'the process':
        'for (const key of Object.keys(process)) { try { process[key] = () => { throw 1 } } catch {} } process.removeAllListeners = null',
      'its globals':
        'for (const key of Reflect.ownKeys(globalThis)) { if (!["kept", "context", "globalThis"].includes(key)) { try { globalThis[key] = null } catch {} try { delete globalThis[key] } catch {} } }',
      'the settings of errors':
        'Error.stackTraceLimit = 0; Error.prepareStackTrace = () => { throw 1 }; Error.captureStackTrace = null',
    };
    for (const [name, code] of Object.entries(poisons)) {
      it(`tells the truth after a step has spoiled ${name}`, async () => {
        const spoiled = await repl.run(`{ ${code} }`, { timeoutMs: 10_000 });
        assert.equal(spoiled.stateLost, false, spoiled.error?.message);
        const outcome = await repl.run(
          'var fresh = [kept.length]; print({ a: [1] }, grep("text").length); ({ b: new Map([[1, 2]]) })',
        );
        assert.deepStrictEqual(
          [outcome.error?.message, outcome.stdout, outcome.result],
          [undefined, '{ a: [ 1 ] } 1\n', '{ b: Map(1) { 1 => 2 } }'],
        );
        assert.deepStrictEqual(
          outcome.changes.map((change) => change.name),
          ['fresh'],
        );
        const failed = await repl.run('\nnull.x');
        assert.deepStrictEqual([failed.error?.type, failed.error?.line], ['TypeError', 2]);
        const endless = await repl.run('for (;;);', { timeoutMs: 300 });
        assert.deepStrictEqual([endless.error?.type, endless.stateLost], ['TimeoutError', false]);
        await checkKept();
      });
    }

    it('tells changes of private fields also where it cannot look into them', async () => {
      const made = 'class Kept { #a = [1]; add() { this.#a.push(2) } }';
      const large = await Repl.open(sandboxes, {
        language: 'javascript',
        context: 'x'.repeat(5_000_000),
      });
      await large.run(`${made} var v = new Kept()`);
      const { changes } = await large.run('v.add()');
      assert.deepStrictEqual(
        changes.map(({ name }) => name),
        ['v'],
      );
      large.sandbox.dispose();
      const many = await repl.run(`${made} var v = Array.from({ length: 400 }, () => new Kept())`);
      assert.match(many.changes.find(({ name }) => name === 'v')?.hash ?? '', /^~/u);
      assert.match(many.stderr, /too large to be compared whole.*: v$/mu);
    });

    it('holds a fork bomb, and ends all of it', async () => {
      await repl.run('require("child_process").execSync("f() { f | f & f; }; f")', {
        timeoutMs: 700,
      });
      assert.equal(await repl.evaluate('context.length'), '6');
      await checkLost('process.reallyExit(1)');
      const count =
        'require("fs").readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && +name !== process.pid).length';
      const left = backend === 'daytona' ? '2' : '1';
      assert.equal(await repl.evaluate(count), left, 'the supervisor is left');
    });

    it('is ended, and told so, where it takes more memory than it may', async () => {
      const { error, stateLost } = await repl.run(
        'const all = []; for (;;) all.push(new Uint8Array(2 ** 24).fill(1))',
        { timeoutMs: 30_000 },
      );
      assert.equal(stateLost, true);
      assert.match(error?.message ?? '', /max_memory_mb/u);
      assert.equal(await repl.evaluate('context.length'), '6');
    });
  },
  ['local', 'container', 'daytona'],
);

describeJavascript(
  'the network of code on Node',
  function (backend) {
    this.timeout(60_000);

    it('is what the user allows, by fetch and by Node’s own modules', async () => {
      const web = createServer((request, response) => response.end(`got ${request.url ?? ''}`));
      web.listen(0, '127.0.0.2'); // 127.0.0.1 is the sandbox's own
      await once(web, 'listening');
      const { address, port } = web.address() as AddressInfo; // it listens on TCP
      const sandboxes = createSandboxes(backend, [`${address}:${port}`]);
      try {
        const repl = await Repl.open(sandboxes, { language: 'javascript' });
        const at = `http://${address}:${port}/x`;
        const { result, error, network } = await repl.run(
          `const all = [await (await fetch('${at}')).text(), await fetch('http://10.255.255.1/').then(() => 'reached', () => 'refused')]; all`,
        );
        assert.deepStrictEqual([error, result], [null, "[ 'got /x', 'refused' ]"]);
        assert.ok(JSON.stringify(network).includes(address));
        repl.sandbox.dispose();
      } finally {
        sandboxes.dispose();
        web.closeAllConnections();
        web.close();
        await once(web, 'close');
      }
    });
  },
  ['local'],
);
