// What becomes of promises that nobody awaits: no error of theirs is lost, and code that was left waiting is
// told of.

import assert from 'node:assert/strict';
import { describeJavascript, itIn } from '../../support/backends';
import { type Bundles, JavascriptHost, buildBundles, removeBundles } from './javascriptHost';

describeJavascript('Promises that nobody awaits, in JavaScript', function (backend) {
  this.timeout(30_000);
  let bundles: Bundles;
  let host: JavascriptHost;

  before(async () => {
    bundles = await buildBundles();
    host = await JavascriptHost.start(bundles, 64, backend);
  });
  after(async () => {
    await host.dispose();
    await removeBundles(bundles);
  });

  /** Code → type, message and line of the step's error. */
  const unheard: Readonly<Record<string, readonly [string, string, number | null]>> = {
    '[1, 2].forEach(async (x) => {\n if (x === 2) throw new Error("lost")\n})': [
      'Error',
      'lost',
      2,
    ],
    '[1, 2].forEach(async (x) => {\n await 0;\n if (x === 2) null.x\n})': [
      ...(['TypeError', "cannot read property 'x' of null", 3] as const),
    ],
    '\nPromise.reject(new RangeError("gone")); 5': ['RangeError', 'gone', 2],
    '(async () => { throw new Error("a") })(); (async () => { throw new Error("b") })()': [
      ...(['Error', 'a', 1] as const),
    ],
    'new Promise((resolve, reject) => reject(new Error("no")))': ['Error', 'no', 1],
    'Promise.resolve().then(() => { throw new Error("then") }); 0': ['Error', 'then', 1],
    'eval("(async () => { throw new Error(\'inner\') })()"); 0': ['Error', 'inner', 1],
    'var kept = Promise.reject(new Error("later")); 0': ['Error', 'later', 1],
    'Promise.reject(5).finally(() => 0); 0': ['number', 'Thrown: 5', null],
    'Promise.all([Promise.reject(new Error("all"))]); 0': ['Error', 'all', 1],
  };
  for (const [code, [type, message, line]] of Object.entries(unheard)) {
    it(`fail the step: ${JSON.stringify(code)}`, async () => {
      const { error, stderr } = await host.run(code);
      assert.deepStrictEqual([error?.type, error?.line], [type, line]);
      const ofEngine = error?.message.replace(
        "Cannot read properties of null (reading 'x')",
        "cannot read property 'x' of null",
      );
      assert.equal(ofEngine, message);
      assert.match(stderr, /note: nothing awaits the promise that failed/);
    });
  }

  const fill =
    'var a = []; var fill = () => { for (let size = 1e6; size >= 1; size = Math.floor(size / 2)) { try { for (;;) a.push(new ArrayBuffer(size)) } catch {} } }; 0';
  for (const code of [
    'async function f() { fill(); await 0; fill(); await 0; const x = {}; await 0; return [x] } await f()',
    'const p = Promise.resolve(); for (let n = 0; n < 1000; n++) p.then(() => { fill(); return Promise.resolve({}) }); 0',
  ]) {
    // Elsewhere an interpreter that has used up its memory is ended.
    itIn(['wasm'], backend)(
      `name the memory where there is no room for what settles them: ${code}`,
      async () => {
        await host.run(fill);
        const { error } = await host.run(code);
        await host.run('a = null; 0');
        assert.match(error?.message ?? '', /^out of memory: .*max_memory_mb/u);
      },
    );
  }

  /** Code → how many more the note tells of. */
  const many: Readonly<Record<string, number>> = {
    'for (let n = 0; n < 100; n++) Promise.reject(new Error(n)); 0': 99,
    'for (let n = 0; n < 101; n++) Promise.reject(new Error(n)); 0': 100,
    'for (let n = 0; n < 5000; n++) Promise.reject(new Error(n)); 0': 4_999,
    'var all = []; for (let n = 0; n < 5000; n++) all.push(Promise.reject(new Error(n))); 0': 4_999,
    'var all = Array.from({ length: 300 }, async (_, n) => { throw n }); all.slice(0, 250).forEach((one) => one.catch(() => 0)); 0': 49,
    'var all = Array.from({ length: 300 }, async (_, n) => { throw n }); all.slice(50).forEach((one) => one.catch(() => 0)); 0': 49,
    'var all = Array.from({ length: 300 }, async (_, n) => { throw n }); all.slice(0, 299).forEach((one) => one.catch(() => 0)); 0': 0,
  };
  for (const [code, more] of Object.entries(many)) {
    it(`fail the step however many there are: ${code}`, async () => {
      const { error, stderr } = await host.run(code);
      assert.ok(error);
      const told =
        backend === 'wasm' ? /not kept\.\n$/ : /failed with number: Thrown: 299 \(line 1\)\n$/;
      assert.match(stderr, more === 0 ? told : new RegExp(`, and ${more} more\\n$`));
    });
  }

  it('count only those of the step', async () => {
    await host.run('var old = Array.from({ length: 300 }, async () => { throw 1 }); 0');
    const code =
      'old.forEach((one) => one.catch(() => 0)); for (let n = 0; n < 150; n++) Promise.reject(n); 0';
    assert.match((await host.run(code)).stderr, /, and 149 more\n$/);
    assert.equal((await host.run('1')).error, null);
  });

  const heard = [
    'await Promise.allSettled(Array.from({ length: 5000 }, async () => { throw 2 })); 1',
    'Array.from({ length: 5000 }, async () => { throw 2 }).forEach((one) => one.catch(() => 0)); 1',
    'try { await Promise.reject(new Error("a")) } catch { 1 }',
    'Promise.reject(1).catch(() => 0); 1',
    'await Promise.allSettled([Promise.reject(1), (async () => { throw 2 })()]); 1',
    'const late = Promise.reject(1); await 0; await late.catch(() => 0); 1',
    'await Promise.any([Promise.reject(1), 2]); 1',
    'await Promise.race([Promise.resolve(1), Promise.reject(2).catch(() => 0)]); 1',
    'for (let n = 0; n < 1000; n++) { try { await (async () => { throw n })() } catch {} } 1',
  ];
  for (const code of heard) {
    it(`do no harm when somebody hears of it: ${code}`, async () => {
      const { error, stderr } = await host.run(code);
      assert.deepStrictEqual([error, stderr], [null, '']);
    });
  }

  it('leave an error of the step’s own where it is, and are noted', async () => {
    const { error, stderr } = await host.run(
      'Promise.reject(new Error("unheard"));\nthrow new TypeError("own")',
    );
    assert.deepStrictEqual([error?.type, error?.line], ['TypeError', 2]);
    assert.match(stderr, /failed with Error: unheard \(line 1\)/);
  });

  it('may be kept for a later step that awaits them', async () => {
    await host.run('var kept = Promise.reject(new Error("later")); 0');
    const { error, result } = await host.run(
      'let seen;\ntry { await kept } catch (failure) { seen = failure.message }\nseen',
    );
    assert.deepStrictEqual([error, result], [null, "'later'"]);
  });

  it('are noted while they are pending', async () => {
    const { error, stderr } = await host.run(
      '(async () => { await new Promise(() => {}); print("never") })(); 1',
    );
    assert.equal(error, null);
    assert.match(stderr, /note: 2 promises are still pending/);
  });

  it('are no matter when all of them are settled', async () => {
    const { stderr } = await host.run(
      'await Promise.all(Array.from({ length: 1000 }, async (_, n) => { await 0; return n })); 1',
    );
    assert.equal(stderr, '');
  });

  it('hold no memory once they are settled', async () => {
    const { error } = await host.run(
      'for (let n = 0; n < 100; n++) await Promise.resolve(new Uint8Array(2e6).fill(n)); 1',
    );
    assert.equal(error, null);
  });
});
