// One hostile step must not cost the next one: after it, output, errors with their lines, changed variables
// and the REPL's functions are as before. A table of hostile lines; each is followed by the same probes.

import assert from 'node:assert/strict';
import type { GuestOutcome } from '../../../src/protocol/worker';
import { describeJavascript, itIn } from '../../support/backends';
import { type Bundles, JavascriptHost, buildBundles, removeBundles } from './javascriptHost';

const everyKey = (object: string, value: string): string =>
  `for (const key of Reflect.ownKeys(${object})) try { ${object}[key] = ${value} } catch {}`;
const accessor = (object: string, key: string): string =>
  `Object.defineProperty(${object}, ${key}, { __proto__: null, get() { throw 'get' }, set() { throw 'set' } })`;
const trap =
  "new Proxy({}, { get() { throw 'trap' }, has() { throw 'trap' }, set() { throw 'trap' } })";
const offeredNames = [
  ...['print', 'console', 'llm_query', 'llm_query_batched', 'rlm_query', 'grep', 'search'],
  ...['chunk', 'FINAL', 'FINAL_VAR', 'SUBMIT', 'SHOW_VARS'],
];

/** Name → code. What it does to its own step is its own affair. */
const hostile: Readonly<Record<string, string>> = {
  'elements of Array.prototype': 'Array.prototype[0] = 9; Array.prototype[1] = 8',
  'accessors for elements of Array.prototype': accessor('Array.prototype', '0'),
  'accessors for elements of Object.prototype': accessor('Object.prototype', '"0"'),
  'Object.prototype.then': 'Object.prototype.then = () => {}',
  'an accessor for Object.prototype.then': accessor('Object.prototype', '"then"'),
  'names of descriptors on Object.prototype':
    'for (const key of ["get", "set", "value", "writable", "enumerable", "configurable"]) Object.prototype[key] = () => {}',
  'names of the protocol on Object.prototype': `for (const key of ["kind", "id", "name", "args", "error", "bytes", "value", "length", "toJSON", "message", "stack"]) ${accessor('Object.prototype', 'key')}`,
  'Object.prototype.__proto__': accessor('Object.prototype', '"__proto__"'),
  'Object.prototype.toString and valueOf':
    'Object.prototype.toString = Object.prototype.valueOf = () => { throw 1 }',
  'Symbol.toPrimitive on Object.prototype':
    'Object.prototype[Symbol.toPrimitive] = () => { throw 1 }',
  'Symbol.iterator on Object.prototype': 'Object.prototype[Symbol.iterator] = () => { throw 1 }',
  'Symbol.toStringTag on Object.prototype': accessor('Object.prototype', 'Symbol.toStringTag'),
  'toJSON on every prototype':
    'for (const type of [Array, String, Number, Boolean]) type.prototype.toJSON = () => { throw 1 }',
  'Function.prototype.call, apply and bind':
    'Function.prototype.call = Function.prototype.apply = Function.prototype.bind = null',
  'Function.prototype.constructor': 'Function.prototype.constructor = null',
  'Symbol.iterator deleted':
    'delete Array.prototype[Symbol.iterator]; delete String.prototype[Symbol.iterator]',
  'next of the iterators':
    'Object.getPrototypeOf([][Symbol.iterator]()).next = Object.getPrototypeOf(new Map().entries()).next = null',
  'next of generators': 'Object.getPrototypeOf(function* () {}).prototype.next = null',
  'species of arrays': accessor('Array', 'Symbol.species'),
  'species of promises': accessor('Promise', 'Symbol.species'),
  'Promise replaced': 'Promise = null',
  'Promise.prototype.then': 'Promise.prototype.then = () => { throw 1 }',
  'Promise.prototype.constructor': 'Promise.prototype.constructor = null',
  'JSON.stringify and parse': 'JSON.stringify = JSON.parse = () => "no"',
  'JSON, Reflect, Proxy and Map removed': 'JSON = Reflect = Proxy = Map = WeakMap = null',
  'all globals removed': `for (const key of Reflect.ownKeys(globalThis)) if (!['state', 'context'].includes(key)) delete globalThis[key]`,
  'Error.prepareStackTrace': 'Error.prepareStackTrace = () => "no"',
  'Error.prepareStackTrace that never ends': 'Error.prepareStackTrace = () => { for (;;); }',
  'Error.stackTraceLimit': 'Error.stackTraceLimit = 0',
  'Error frozen': 'Object.freeze(Error)',
  'names of errors': `TypeError.prototype.name = 'Lie'; RangeError.prototype.message = 'lie'`,
  'accessors for stacks': accessor('Error.prototype', '"stack"'),
  'every method of strings': everyKey('String.prototype', '() => { throw 1 }'),
  'every method of numbers': everyKey('Number.prototype', '() => { throw 1 }'),
  'every function of Math': everyKey('Math', '() => { throw 1 }'),
  'every method of arrays': everyKey('Array.prototype', '() => { throw 1 }'),
  'every method of maps': everyKey('Map.prototype', '() => { throw 1 }'),
  'every method of weak maps': everyKey('WeakMap.prototype', 'null'),
  'every function of Object': everyKey('Object', '() => { throw 1 }'),
  'RegExp.prototype.exec': 'RegExp.prototype.exec = () => null',
  'flags of patterns': accessor('RegExp.prototype', '"flags"'),
  'globalThis frozen': 'Object.freeze(globalThis)',
  'globalThis sealed': 'Object.seal(globalThis)',
  'globalThis closed': 'Reflect.preventExtensions(globalThis)',
  'a proxy of globalThis frozen': 'Object.freeze(new Proxy(globalThis, {}))',
  'a throwing getter among the globals': accessor('globalThis', '"trap"'),
  'a getter among the globals that never ends':
    'Object.defineProperty(globalThis, "trap", { enumerable: true, get() { for (;;); } })',
  'the REPL’s names as constants': `for (const name of ${JSON.stringify(offeredNames)}) Object.defineProperty(globalThis, name, { value: 1 })`,
  'the REPL’s names as accessors': `for (const name of ${JSON.stringify(offeredNames)}) ${accessor('globalThis', 'name')}`,
  'names of later steps as constants':
    'for (const name of ["fresh", "Shape", "later"]) Object.defineProperty(globalThis, name, { value: 1 })',
  'names of later steps as accessors': `for (const name of ["fresh", "Shape", "later"]) ${accessor('globalThis', 'name')}`,
  'variables made constant': 'Object.defineProperty(globalThis, "state", { writable: false })',
  'built-ins frozen':
    'for (const type of [Object, Array, Function, String, Promise]) try { Object.freeze(type.prototype) } catch {}',
  'globalThis without a prototype': 'Object.setPrototypeOf(globalThis, null)',
  'a proxy behind globalThis': `Object.setPrototypeOf(globalThis, ${trap})`,
  'a proxy behind arrays': `Object.setPrototypeOf(Array.prototype, ${trap})`,
  'a proxy behind functions': `Object.setPrototypeOf(Function.prototype, ${trap})`,
  'a proxy behind strings': `Object.setPrototypeOf(String.prototype, ${trap})`,
  'a proxy behind errors': `Object.setPrototypeOf(Error.prototype, ${trap})`,
  'a variable that is a proxy': `var other = ${trap}`,
  'endless microtasks': '(async () => { for (;;) await 0 })()',
  'promises that never settle':
    'for (let n = 0; n < 10_000; n++) new Promise(() => {}).then(() => 1)',
  'rejections that nobody hears of':
    'for (let n = 0; n < 10_000; n++) (async () => { throw new Error("x") })()',
  'a value nested too deeply': 'var deep = []; for (let n = 0; n < 1e5; n++) deep = [deep]',
  'memory full of strings':
    'var hog = []; try { for (;;) hog.push("x".repeat(1e5) + hog.length) } catch {}',
  'memory full of bytes': 'var hog = []; for (;;) hog.push(new Uint8Array(1e6))',
  'memory full of objects': 'var hog = []; for (;;) hog.push({})',
  'memory full of the smallest objects': 'var hog = null; try { for (;;) hog = { hog } } catch {}',
  'endless recursion': '(function again() { again() })()',
  'a finalizer that never ends':
    'var registry = new FinalizationRegistry(() => { for (;;); }); for (let n = 0; n < 1000; n++) registry.register({}, 1)',
};

type Probe = (outcome: GuestOutcome) => unknown;
const endedWell = (outcome: GuestOutcome): unknown => outcome.error;
const failed = ({ error }: GuestOutcome): unknown => [error?.type, error?.line];

/** Code → what is looked at, and what it must be. */
const probes: readonly (readonly [code: string, look: Probe, expected: unknown])[] = [
  ['print("hi", [1, { a: 2 }])', (outcome) => outcome.stdout, 'hi [ 1, { a: 2 } ]\n'],
  ['console.error("bad")', (outcome) => outcome.stderr, 'bad\n'],
  ['let fresh = 5', ({ changes }) => changes.map(({ name }) => name), ['fresh']],
  ['fresh + 1', ({ result }) => result, '6'],
  ['state[state.length] = 4', ({ changes }) => changes[0]?.change, 'changed'],
  ['let one;\n\nnull.x', failed, ['TypeError', 3]],
  ['\n)', failed, ['SyntaxError', 2]],
  ['\nfunction later() {\n missing }\nlater()', failed, ['ReferenceError', 3]],
  ['class Shape { sides() { return 3 } }\nnew Shape().sides()', ({ result }) => result, '3'],
  ['(await 5) + (await (async () => 1)())', ({ result }) => result, '6'],
  ['`${1}${"a"}`', ({ result }) => result, "'1a'"],
  ['[...[1, 2]]', ({ result }) => result, '[ 1, 2 ]'],
  ['llm_query("a")', ({ result }) => result, "'answer'"],
  ['llm_query_batched(["a"])', endedWell, null],
  ['grep(/needle/).length', ({ result }) => result, '2'],
  ['grep("needle")[0].text', ({ result }) => result, "'needle'"],
  ['search("needle").length', ({ result }) => result, '1'],
  ['chunk(context, 10).length > 0', ({ result }) => result, 'true'],
  ['FINAL({ a: [1] })', ({ error, finalAnswer }) => [error, finalAnswer !== null], [null, true]],
  ['FINAL_VAR("state")', ({ error, finalAnswer }) => [error, finalAnswer !== null], [null, true]],
  ['SUBMIT({ answer: "x" })', ({ finalAnswer }) => finalAnswer, 'x'],
  ['SHOW_VARS(); 0', ({ stdout }) => /^state +Array/m.test(stdout), true],
];

describeJavascript('The step after a hostile one, in JavaScript', function (backend) {
  this.timeout(30_000);
  let bundles: Bundles;
  let host: JavascriptHost;

  before(async () => {
    bundles = await buildBundles();
  });
  after(() => removeBundles(bundles));
  beforeEach(async () => {
    host = await JavascriptHost.start(bundles, 64, backend);
    host.onCall = ({ name }) => ({
      value: name === 'llm_query' ? 'answer' : { answers: ['answer'], failures: [] },
    });
    await host.load('a needle here\nand a needle there\n');
    await host.run('let state = [1, 2, 3]');
  });
  afterEach(() => host.dispose());

  for (const [name, code] of Object.entries(hostile)) {
    const fillsMemory = name.startsWith('memory full'); // elsewhere that ends the interpreter
    itIn(fillsMemory ? ['wasm'] : ['wasm', 'local'], backend)(`works after: ${name}`, async () => {
      const timer = setInterval(() => host.interrupt(), 500);
      try {
        await host.run(`${code}\n0`);
      } finally {
        clearInterval(timer);
      }
      await host.run(offeredNames.map((one) => `delete globalThis.${one}`).join(';'), { step: 2 });
      const seen: unknown[] = [];
      for (const [at, [probe, look]] of probes.entries()) {
        seen.push([probe, look(await host.run(probe, { step: at + 3 }))]);
      }
      assert.deepStrictEqual(
        seen,
        probes.map(([probe, , expected]) => [probe, expected]),
      );
      assert.match((await host.read('state'))?.text ?? '', /1,\s*2,\s*3/);
    });
  }

  it('says what it puts back', async () => {
    const { stderr } = await host.run('Object.prototype.then = 1; Array.prototype[0] = 2');
    assert.match(stderr, /Object\.prototype\.then is put back/);
    assert.match(stderr, /Array\.prototype\.0 is put back/);
  });

  it('keeps what the code adds to other built-ins', async () => {
    const { stderr } = await host.run('Array.prototype.last = function () { return this.at(-1) }');
    assert.deepStrictEqual([stderr, (await host.run('[1, 2].last()')).result], ['', '2']);
  });

  it('lets what is no part of the REPL be frozen and defined as ever', async () => {
    const { result } = await host.run(
      'const own = Object.freeze({ a: 1 }); const made = Object.defineProperty({}, "x", { value: 1 });' +
        '[Object.isFrozen(own), Object.getOwnPropertyDescriptor(made, "x").configurable]',
    );
    assert.equal(result, '[ true, false ]');
  });
});
