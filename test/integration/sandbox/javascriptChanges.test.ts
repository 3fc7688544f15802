// Which of its variables a JavaScript step changed in place: each item counts, however many there are.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describeJavascript } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const many = 100_000;
/** What makes a value, and what changes it at the place `?`. */
const large: Readonly<Record<string, readonly [string, string]>> = {
  'an element': [`Array.from({ length: ${many} }, (_, n) => n)`, 'v[?] = 0.5'],
  'a sign': [`Array.from({ length: ${many} }, (_, n) => n + 0.5)`, 'v[?] = -v[?]'],
  'a text of a list': [`Array.from({ length: ${many} }, (_, n) => "line " + n)`, 'v[?] += "."'],
  'a wide text of a list': [
    `Array.from({ length: ${many} }, (_, n) => "\u0394" + n)`,
    'v[?] += "."',
  ],
  'a value of a Map': [
    `new Map(Array.from({ length: ${many} }, (_, n) => [n, n]))`,
    'v.set(?, "y")',
  ],
  'a member of a Set': [
    `new Set(Array.from({ length: ${many} }, (_, n) => n))`,
    'v.delete(?); v.add(-1)',
  ],
  'a property': [
    `Object.fromEntries(Array.from({ length: ${many} }, (_, n) => ["k" + n, n]))`,
    'v.k? = "x"',
  ],
  'a number of a typed array': [`new Float64Array(${many})`, 'v[?] = 5'],
  'two signs of a typed array': [`new Float64Array(${many}).fill(1.5)`, 'v[?] = v[1] = -1.5'],
  'a small number of a typed array': [`new Uint8Array(${many})`, 'v[?] = 5'],
  'a part of a buffer': [`new Uint8Array(new ArrayBuffer(${many} + 1), 1)`, 'v[?] = 5'],
  'a bigint of a typed array': [`new BigInt64Array(${many})`, 'v[?] = 5n'],
  'a byte of a buffer': [`new ArrayBuffer(${many})`, 'new Uint8Array(v)[?] = 5'],
  'a byte of a view': [`new DataView(new ArrayBuffer(${many}))`, 'v.setInt8(?, 5)'],
  'a record': [
    `Array.from({ length: ${many} }, (_, id) => ({ id, tags: ["a", "b"] }))`,
    'v[?].tags[1] = "c"',
  ],
  'a hole': [`Array.from({ length: ${many} }, (_, n) => n)`, 'delete v[?]'],
  'an argument': [
    `(function () { return arguments; })(...Array(2_000).fill(1))`,
    'v[? % 2_000] += 1',
  ],
};
const places = [0, 2, 777, 50_000, 55_555, many - 2, many - 1];

const small: Readonly<Record<string, readonly [string, string]>> = {
  'a row': ['Array.from({ length: 100 }, () => [0, 0])', 'v[77][1] = 1'],
  'what lies deep': ['[[[[[[[[[[[[1]]]]]]]]]]]]', 'v[0][0][0][0][0][0][0][0][0][0][0][0] = 2'],
  'a hidden property of a symbol called stack': [
    'Object.defineProperty({}, Symbol("stack"), { value: 1, writable: true })',
    'v[Object.getOwnPropertySymbols(v)[0]] = 2',
  ],
  'a symbol’s property': ['({ [Symbol.iterator]: 1 })', 'v[Symbol.iterator] = 2'],
  'a hidden property': ['Object.defineProperty({}, "a", { value: 1, writable: true })', 'v.a = 2'],
  'a private field': ['new (class { #a = 1; set(a) { this.#a = a; } })()', 'v.set(2)'],
  'a static field': ['class { static a = 1 }', 'v.a = 2'],
  'a function’s property': ['Object.assign(() => 0, { a: 1 })', 'v.a = 2'],
  'a getter': ['({ get a() { return 1; } })', 'Object.defineProperty(v, "a", { get: () => 2 })'],
  'a function': ['({ a: () => 1 })', 'v.a = () => 2'],
  'where an expression goes on': ['/a/g', 'v.test("aa")'],
  'a date': ['new Date(0)', 'v.setTime(1)'],
  'the message of an error': ['new Error("a")', 'v.message = "b"'],
  'a property of a list': ['Object.assign([1, 2], { a: 1 })', 'v.a = 2'],
  'a property of a Map': ['Object.assign(new Map(), { a: 1 })', 'v.a = 2'],
  'a bigint': ['[10n ** 30n]', 'v[0] += 1n'],
  'the target of a proxy': ['new Proxy([1], {})', 'v[0] = 2'],
  'the order of a Map': ['new Map([[1, 1], [2, 2]])', 'v.delete(1); v.set(1, 1)'],
  'a key that is gone': ['({ a: undefined })', 'delete v.a'],
  'a text put together': ['({ a: "b".repeat(9_000) + "c".repeat(9_000) })', 'v.a += "d"'],
  'the length of a resizable buffer': ['new ArrayBuffer(8, { maxByteLength: 64 })', 'v.resize(16)'],
  'a zero’s sign': ['[0]', 'v[0] = -0'],
  'the prototype of an object': ['({ a: 1 })', 'Object.setPrototypeOf(v, { b: 1 })'],
  'the prototype of a date': ['new Date(5)', 'Object.setPrototypeOf(v, null)'],
  'what it inherits': ['Object.create({ a: 1 })', 'Object.getPrototypeOf(v).a = 2'],
  'what its class gives it': ['new (class { m() {} })()', 'Object.getPrototypeOf(v).x = 2'],
  'a method of a class': ['class { m() { return 1; } }', 'v.prototype.m = () => 2'],
  'a method of a function': ['function () {}', 'v.prototype.m = () => 2'],
  'that it takes no more properties': ['({ a: 1 })', 'Object.preventExtensions(v)'],
  'what a promise has come to': ['new Promise((settle) => { w = settle; })', 'w(1); await 0; v'],
  'what a promise in a list has come to': [
    '[new Promise((settle) => { w = settle; })]',
    'w(1); await 0; v',
  ],
  'what a promise in an object is rejected with': [
    '({ p: new Promise((_, fail) => { w = fail; }) })',
    'v.p.catch(() => 0); w(1); await 0; null',
  ],
  'what a promise has brought': ['[Promise.resolve([1])]', '(await v[0]).push(2)'],
  'what a function is bound to': [
    '((held) => (function () { held.a = 2; }).bind(held))({ a: 1 })',
    'v()',
  ],
  'what an argument is bound to': ['((held) => held.push(1)).bind(null, [])', 'v()'],
  'what a function in an object is bound to': [
    '({ f: ((_, b) => b.push(1)).bind(0, 1, []) })',
    'v.f()',
  ],
  'a method of an instance': ['new (class { m() {} })()', 'Object.getPrototypeOf(v).m = () => 2'],
  'a static method': ['class { static m() {} }', 'v.m = () => 2'],
  'the order of a Set': ['new Set([1, 2])', 'v.delete(1); v.add(1)'],
  'the order of properties': ['({ a: 1, b: 2 })', 'delete v.a; v.a = 1'],
  'what a private field holds': [
    'new (class { #a = [1]; add() { this.#a.push(2); } })()',
    'v.add()',
  ],
  'what a private field of a class holds': [
    'class { static #a = [1]; static add() { this.#a.push(2); } }',
    'v.add()',
  ],
  'a getter of a list': [
    'Object.defineProperty([], 0, { get: () => 1, configurable: true })',
    'Object.defineProperty(v, 0, { get: () => 2 })',
  ],
  'the cause of an error': ['new Error("a", { cause: [1] })', 'v.cause.push(2)'],
  'a property of a bound function': ['(() => 1).bind(null)', 'v.x = 1'],
  'what a boxed number holds': ['new Number(1)', 'v.x = 1'],
  'true for one': ['[1]', 'v[0] = true'],
  'a text for a number': ['[1]', 'v[0] = "1"'],
  'a loop': ['(() => { const a = { b: {} }; a.b.a = a; return a; })()', 'v.b.a = v.b'],
};

const reads: readonly (readonly [string, string])[] = [
  ['"a".repeat(9_000) + "b".repeat(9_000)', 'v.charCodeAt(9_001)'],
  ['({ a: "a".repeat(9_000) + "b".repeat(9_000) })', 'v.a.charCodeAt(9_001)'],
  ['class A { static a = 1; b() {} }', 'new v().b(); Object.keys(v.prototype)'],
  ['[Math, Intl, JSON]', 'v[0].max(1, 2); Object.getOwnPropertyNames(v[1]); v[2].stringify(1)'],
  ['function () {}', 'v.prototype; v.name'],
  ['[1, , 3]', 'v.map((n) => n * 2); [...v]; JSON.stringify(v)'],
  ['new Map([[1, {}]])', 'for (const [key, value] of v) { key; value; }'],
  ['({ a: 1, b: { c: [1] } })', 'structured = JSON.stringify(v); ({ ...v }).b.c'],
  ['new Error("a")', 'v.stack; `${v}`'],
  ['[NaN, -0, 0.1, 1e21]', 'v.map((n) => n)'],
  ['Array.from({ length: 3_000 }, (_, n) => [n])', 'other = v[5]; other.length'],
];

/** Code that does not name `v`, which it changes: what was done before, and the step. */
const throughOthers: Readonly<Record<string, readonly [string, string]>> = {
  'a method': ['class H { bump() { v.push(1); } } h = new H()', 'h.bump()'],
  'a function in an object': ['h = { a: () => v.push(1) }', 'h.a()'],
  'a function put into an object': ['h = {}; h.a = () => v.push(1)', 'h.a()'],
  'a function put into a list': ['h = []; h.push(() => v.push(1))', 'h.map((one) => one())'],
  'a bound function': ['h = v.push.bind(v)', 'h(1)'],
  'a function that a function made': [
    'function make() { return () => v.push(1); } h = make()',
    'h()',
  ],
  'a function that a function set': ['function set() { h = () => v.push(1); } set()', 'h()'],
  'a function given to one that keeps it': [
    'h = []; function keep(f) { h.push(f); } keep(() => v.push(1))',
    'h[0]()',
  ],
  'a function handed on to one that keeps it': [
    'h = {}; function put(f) { h.f = f; } function keep(f) { put(f); } keep(() => v.push(1))',
    'h.f()',
  ],
  'a function by name given to one that keeps it': [
    'h = new Map(); function keep(f) { h.set(1, f); } function act() { v.push(1); } keep(act)',
    'h.get(1)()',
  ],
  'a function by another name put into a list': [
    'h = []; function act() { v.push(1); } other = act; h.push(other)',
    'h[0]()',
  ],
  'an object with a method put into a list': [
    'h = []; one = { act() { v.push(1); } }; h.push(one)',
    'h[0].act()',
  ],
  'a class put into a list': [
    'h = []; class Act { constructor() { v.push(1); } } h.push(Act)',
    'new h[0]()',
  ],
  'what a class makes put into a list': [
    'h = []; class Act { act() { v.push(1); } } h.push(new Act())',
    'h[0].act()',
  ],
  'a function assigned to an object': [
    'h = {}; Object.assign(h, { act() { v.push(1); } })',
    'h.act()',
  ],
  'a function defined in an object': [
    'h = {}; Object.defineProperty(h, "act", { value() { v.push(1); } })',
    'h.act()',
  ],
  'a function set by reflection': ['h = {}; Reflect.set(h, "act", () => v.push(1))', 'h.act()'],
  'a function that a function puts where it is told': [
    'h = {}; function put(where, f) { where.act = f; } put(h, () => v.push(1))',
    'h.act()',
  ],
  'a function by name that a function puts where it is told': [
    'h = {}; function put(where, f) { where.act = f; } const act = () => v.push(1); put(h, act)',
    'h.act()',
  ],
  'a function spread into a call': ['h = []; h.push(...[() => v.push(1)])', 'h[0]()'],
  'code in a text': ['0', 'eval("v.push(1)")'],
  'a text made anew by code in a text': [
    'v = "a".repeat(20_000)',
    'eval("v = `b`.repeat(20_000)")',
  ],
  'a new function': ['0', 'new Function("v.push(1)")()'],
  'the globals': ['0', 'globalThis["v"].push(1)'],
  'the globals as this': ['0', 'this["v"].push(1)'],
  'the globals as this of an arrow function': ['0', '(() => this["v"].push(1))()'],
  'the globals as this of a block': ['0', '{ for (const name of ["v"]) this[name].push(1); }'],
};

/** Nothing in them can be told apart: they count as changed by each step that can reach them, and by no other. */
const restless: readonly (readonly [string, string])[] = [
  ['(function* () { yield 1; yield 2; })()', 'v.next()'],
  ['(async function* () { yield 1; yield 2; })()', 'await v.next()'],
  ['[1, 2, 3][Symbol.iterator]()', 'v.next()'],
  ['new Map([[1, 2]]).entries()', '[...v]'],
  ['"abc"[Symbol.iterator]()', 'for (const one of v) break'],
  ['"abc".matchAll(/./g)', 'v.next()'],
  ['[1, 2].values().map((one) => one)', 'v.next()'],
  ['new WeakMap()', 'v.set({}, 1)'],
  ['new WeakSet()', 'v.add({})'],
  ['({ g: (function* () { yield 1; yield 2; })() })', 'v.g.next()'],
  ['[{ g: (async function* () { yield 1; })() }]', 'await v[0].g.next()'],
  ['[[1, 2].values()]', 'v[0].next()'],
  ['[new Set([1, 2]).values()]', 'v[0].next()'],
  ['[new Map([[1, 2]]).keys()]', 'v[0].next()'],
  ['["abc"[Symbol.iterator]()]', 'v[0].next()'],
  ['["abc".matchAll(/./g)]', 'v[0].next()'],
  ['[[1, 2].values().map((one) => one)]', 'v[0].next()'],
  ['[Iterator.from({ next: () => ({ value: 1 }) })]', 'v[0].next()'],
  ['new Map([[1, new WeakMap()]])', 'v.get(1).set({}, 1)'],
  ['({ seen: new WeakSet() })', 'v.seen.add({})'],
];

/** As docs/decisions.md says. */
const untold: readonly (readonly [string, string])[] = [
  ['(() => { let n = 0; return () => ++n; })()', 'v()'],
  ['(() => { let n = 0; return { inc: () => ++n, get: () => n }; })()', 'v.inc()'],
  ['(() => { let n = 1; return { get n() { return n; }, set n(to) { n = to; } }; })()', 'v.n = 5'],
  ['Object.defineProperty({}, "m", { value() {}, writable: true })', 'v.m = () => 2'],
  ['(h = {}, new Proxy({ a: 1 }, h))', 'h.get = () => 5'],
  ['(t = { a: 1 }, new WeakRef(t))', 't.a = 2'],
  ['({ a: 1 })', 'Object.defineProperty(v, "a", { writable: false })'],
  ['({ a: { b: 1 } })', 'Object.setPrototypeOf(v.a, {})'],
];

const shared: Readonly<Record<string, readonly [string, string, readonly string[]]>> = {
  'a list in an object': ['h = { k: [v] }', 'v.push(1)', ['h', 'v']],
  'a value of a Map': ['h = new Map([[1, v]])', 'v.push(1)', ['h', 'v']],
  'a part of it': ['v.push([]); h = [v[1]]', 'v[1].push(1)', ['h', 'v']],
  'two views of a buffer': [
    'v = new Uint8Array(8); h = new Uint16Array(v.buffer)',
    'v[0] = 1',
    ['h', 'v'],
  ],
  'nothing of it': ['h = [[0]]', 'v.push(1)', ['v']],
};

describeJavascript('the variables that a JavaScript step changed', function (backend) {
  this.timeout(30_000);
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes, { language: 'javascript' });
  });
  after(() => sandboxes.dispose());

  const changesOf = async (
    code: string,
  ): Promise<readonly (readonly [string, string | null])[]> => {
    const { changes, error, stderr } = await repl.run(`${code}; null`);
    assert.equal(error, null, code);
    assert.equal(stderr.replace(/^note: a promise is still pending.*\n/u, ''), '', code);
    return changes.filter(({ name }) => name === 'v').map(({ name, hash }) => [name, hash]);
  };

  for (const [title, [make, change]] of Object.entries(large)) {
    it(`are those changed in one of many places: ${title}`, async () => {
      const hashes = new Set((await changesOf(`v = ${make}`)).map(([, hash]) => hash));
      assert.deepEqual(await changesOf('v'), []);
      for (const place of places) {
        const code = change.replaceAll('?', String(place));
        const [found, ...more] = await changesOf(code);
        assert.deepEqual([found?.[0], more], ['v', []], code);
        assert.ok(!hashes.has(found?.[1] ?? null), `${code}: the same hash as before`);
        hashes.add(found?.[1] ?? null);
      }
    });
  }

  for (const [title, [make, change]] of Object.entries(small)) {
    it(`are those changed in place: ${title}`, async () => {
      await changesOf(`v = ${make}`);
      assert.deepEqual(await changesOf('v'), []);
      assert.deepEqual(
        (await changesOf(change)).map(([name]) => name),
        ['v'],
      );
      assert.deepEqual(await changesOf('v'), []);
    });
  }

  for (const [make, change] of restless) {
    it(`are those that a step can reach and nobody sees into: ${make}`, async () => {
      await changesOf(`v = ${make}`);
      assert.equal((await changesOf(change)).length, 1);
      assert.deepEqual(await changesOf('other = 1'), []);
    });
  }

  for (const [make, change] of untold) {
    it(`are not those changed where nobody looks: ${make}`, async () => {
      await changesOf(`v = ${make}`);
      assert.deepEqual(await changesOf(change), []);
    });
  }

  for (const [title, [make, change]] of Object.entries(throughOthers)) {
    it(`are those changed through others: ${title}`, async () => {
      await changesOf('v = [0]');
      await changesOf(make);
      assert.deepEqual(
        (await changesOf(change)).map(([name]) => name),
        ['v'],
      );
    });
  }

  for (const [title, [make, change, names]] of Object.entries(shared)) {
    it(`are those that hold what was changed in place: ${title}`, async () => {
      await repl.run(`other = [[1]]; v = [0]; ${make}`);
      const { changes } = await repl.run(`${change}; null`);
      assert.deepEqual(
        changes.map(({ name }) => name),
        names,
      );
      await repl.run('h = null');
    });
  }

  for (const last of ['delete globalThis.w', 'w = 1', 'w = [w]', 'w = {}', 'w = undefined']) {
    it(`are those that hold what was changed in place by a name that ends so: ${last}`, async () => {
      await repl.run(
        'put = (one) => { globalThis.w = one; }; end = () => { w.b.push(2); ' + last + ' }',
      );
      await repl.run('v = { p: "x".repeat(300), a: { b: [1] } }; other = [[1]]; null');
      await repl.run('at = "a"; h = v[at]; null');
      await repl.run('put(h)');
      await repl.run('delete globalThis.h');
      for (const change of [`w.b.push(2); ${last}; null`, 'end(); null']) {
        const { changes, error } = await repl.run(change);
        assert.equal(error, null);
        const names = changes.map(({ name }) => name);
        assert.deepEqual(
          names.filter((name) => name !== 'w'),
          ['v'],
        );
        await repl.run('h = v.a; null');
        await repl.run('put(h)');
        await repl.run('delete globalThis.h');
      }
    });
  }

  it('are told beside a text that is larger than memory', async () => {
    const doublings = backend === 'wasm' ? 15 : 14; // texts of V8 are shorter
    const grow = `huge = "a".repeat(20_000); for (let n = 0; n < ${doublings}; n++) huge += huge; null`;
    const made = await repl.run(`v = [1]; ${grow}`);
    assert.deepEqual(
      made.changes.map(({ name, size, hash }) => [name, size, hash?.length]),
      [
        ['huge', 20_000 * 2 ** doublings, 9],
        ['v', 1, 8],
      ],
    );
    assert.deepEqual(
      (await changesOf('v.push(2)')).map(([name]) => name),
      ['v'],
    );
    await repl.run('delete globalThis.huge');
  });

  it('are none that were only read', async () => {
    for (const [make, read] of reads) {
      await changesOf(`v = ${make}`);
      assert.deepEqual(await changesOf(read), [], read);
      assert.deepEqual(await changesOf(read), [], read);
    }
  });

  it('have hashes that are alike for equal values only', async () => {
    const seen = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const text = JSON.stringify(value);
        const code = `v = undefined; v = JSON.parse(${JSON.stringify(text)})`;
        await changesOf('delete globalThis.v');
        const hash = (await changesOf(code))[0]?.[1] ?? '';
        const other = seen.get(hash) ?? text;
        assert.equal(other, text);
        seen.set(hash, text);
        await changesOf('delete globalThis.v');
        assert.equal((await changesOf(`v = ${toLiteral(JSON.parse(text))}`))[0]?.[1], hash, text);
      }),
      { numRuns: 150 },
    );
  });

  for (const [title, made] of [
    [
      'of which the first alone are listed',
      "for (let i = 0; i < 9_000; i++) globalThis['a'.repeat(15) + i] = i",
    ],
    [
      'of which ten thousand alone are listed',
      'for (let i = 0; i < 12_000; i++) globalThis[`a${i}`] = i',
    ],
  ] as const) {
    it(`are told among many ${title}`, async () => {
      const many = await Repl.open(sandboxes, { language: 'javascript' });
      const namesOf = async (code: string): Promise<string[]> =>
        (await many.run(`${code}; null`)).changes
          .filter(({ name }) => !/^a+\d+$/u.test(name)) // one that is listed now in the place of another
          .map(({ name, change }) => `${change} ${name}`);
      await many.run('zz = [1]; const zc = [1]; let zl = [1]; function zf() {} null');
      await namesOf(made);
      const all = ['changed zc', 'changed zl', 'changed zz'];
      assert.deepStrictEqual(await namesOf('zz.push(2); zc.push(2); zl.push(2)'), all);
      assert.deepStrictEqual(await namesOf('other = [1]'), ['added other']);
      assert.deepStrictEqual(await namesOf('other.push(2)'), ['changed other']);
      assert.match((await many.run('zc = 4')).error?.message ?? '', /^Assignment to constant/u);
      assert.equal(await many.evaluate('if (true) { function zl() {} } zl.length'), '2');
      assert.deepStrictEqual(await namesOf('delete globalThis.other; delete globalThis.zl'), [
        'removed other',
        'removed zl',
      ]);
      assert.deepStrictEqual(await namesOf('if (true) { function zl() {} }'), ['added zl']);
      many.sandbox.dispose();
    });
  }

  it('are counted where they are too many to be told', async () => {
    await repl.run('i = 0');
    for (const code of [
      'for (let i = 0; i < 1_500; i++) globalThis[`many${i}`] = i',
      'for (let i = 0; i < 1_500; i++) globalThis[`many${i}`] = -i - 1',
      'for (let i = 0; i < 1_500; i++) delete globalThis[`many${i}`]',
    ]) {
      const { changes, stderr } = await repl.run(code);
      assert.equal(changes.length, 1_000);
      assert.match(
        stderr,
        /^note: 50[01] more variables changed, which are too many to be listed$/mu,
      );
    }
    assert.equal((await repl.run('i = 1')).stderr, '');
  });

  it('are told with a note where a value is too large to be compared whole', async () => {
    const code = 'v = Array.from({ length: 400_000 }, (_, n) => [n, [n]]); null';
    const made = await repl.run(code);
    assert.match(made.changes[0]?.hash ?? '', /^~[0-9a-f]{8}$/);
    assert.match(made.stderr, /^note: too large to be compared whole, .*: v\n$/);
    const { changes, stderr } = await repl.run('v.length');
    assert.deepEqual([changes, stderr], [[], '']);
    await repl.run('delete globalThis.v');
  });
});

/** As code that makes an equal value in another way. */
function toLiteral(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(toLiteral).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, one]) => `[${JSON.stringify(key)}, ${toLiteral(one)}]`,
    );
    return `Object.fromEntries([${entries.join(', ')}])`;
  }
  if (typeof value === 'string') {
    return `[${value
      .split('')
      .map((unit) => JSON.stringify(unit))
      .join(', ')}].join("")`;
  }
  return Object.is(value, -0) ? '-0' : typeof value === 'number' ? `${value} * 1` : String(value);
}
