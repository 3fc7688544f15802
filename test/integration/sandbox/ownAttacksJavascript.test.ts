// Attacks on what the JavaScript engine and its runner look at: polluted built-ins, values that answer
// back, jobs and promises across steps, nesting, memory that changes size, and the host's own calls.
// Longer than usual: a table, one row an attack.

import { type Attack, attacks, describeAttacks } from '../../support/attack';

const pollution: readonly Attack[] = [
  {
    name: 'defines accessors on what all objects inherit',
    code: "for (const key of ['get', 'set', 'value', 'writable', 'enumerable', 'kind', 'id', 'name', 'args', 'error', 'interrupted', 'stack', 'message', '0', '1', 'length']) Object.defineProperty(Object.prototype, key, { get() { throw 'polluted' }, set() { throw 'polluted' } })",
    ends: ['value', 'error'],
    next: [
      ['[1, { a: 2 }]', '[ 1, { a: 2 } ]'],
      ["llm_query('a')", "'answer to llm_query'"],
    ],
    spoils: true,
  },
  ...attacks(
    {
      'replaces all methods of arrays':
        'for (const key of Reflect.ownKeys(Array.prototype)) try { Array.prototype[key] = () => { for (;;); } } catch {}\n0',
      'replaces the globals the runner was made of':
        'for (const key of Reflect.ownKeys(globalThis)) if (![`state`, `data`, `context`, `globalThis`].includes(String(key))) try { globalThis[key] = null } catch {}\n0',
    },
    {
      ends: ['value', 'error'],
      next: [
        ['1 + 1', '2'],
        ["llm_query('a')", "'answer to llm_query'"],
      ],
      spoils: true,
    },
  ),
  {
    name: 'replaces all methods of everything',
    code: "for (const type of [String, Number, Object, Function, RegExp, Map, Set, WeakMap, Promise, Error, Date, BigInt, Symbol, Boolean, Array]) for (const key of Reflect.ownKeys(type.prototype)) if (key !== 'constructor') try { Object.defineProperty(type.prototype, key, { value() { throw 'gone' } }) } catch {}\n0",
    ends: ['value', 'error'],
    next: [
      ['state', '123'],
      ['({ a: [1] })', '{ a: [ 1 ] }'],
      ["llm_query('a')", "'answer to llm_query'"],
    ],
    spoils: true,
  },
  {
    name: 'replaces iteration',
    code: 'Array.prototype[Symbol.iterator] = function* () { for (;;); }\nObject.getPrototypeOf(new Map().entries()).next = () => { for (;;); }\n0',
    ends: 'value',
    spoils: true,
  },
  {
    name: 'freezes the globals',
    code: 'Object.freeze(globalThis)\n0',
    ends: ['value', 'error'],
    next: [
      ['1 + 1', '2'],
      ['state', '123'],
    ],
    spoils: true,
  },
  {
    name: 'makes the REPL’s names constant',
    code: "for (const name of ['print', 'console', 'llm_query', 'FINAL']) Object.defineProperty(globalThis, name, { value: 1, writable: false, configurable: false })\n0",
    ends: ['value', 'error', 'timeout'],
    next: [['1 + 1', '2']],
    spoils: true,
  },
  {
    name: 'puts a proxy behind the globals',
    code: 'Object.setPrototypeOf(globalThis, new Proxy({}, { has() { for (;;); }, get() { for (;;); } }))\n0',
    ends: ['value', 'error', 'timeout'],
    spoils: true,
  },
  {
    name: 'takes the prototype of the globals away',
    code: 'Object.setPrototypeOf(globalThis, null)\n0',
    ends: ['value', 'error'],
    next: [['1 + 1', '2']],
    spoils: true,
  },
  {
    name: 'replaces how template literals are made',
    code: 'String.prototype.concat = () => { for (;;); };\ndelete String.prototype.concat;\n`${state}`',
    ends: 'value',
    result: "'123'",
    next: [['data.length', '1000']],
  },
  {
    name: 'reads stacks by a function that loops',
    code: 'Error.prepareStackTrace = () => { for (;;); }\nnull.x',
    ends: ['timeout', 'error'],
    spoils: true,
  },
  {
    name: 'looks for its callers',
    code: "function who() { return [who.caller, who.arguments] }\ntry { who() } catch (error) { throw new TypeError('refused') }",
    ends: ['value', 'error'],
  },
];

const liars: readonly Attack[] = [
  ...attacks(
    {
      'throws an error whose stack loops':
        "const e = new Error('x')\nObject.defineProperty(e, 'stack', { get() { for (;;); } })\nthrow e",
      'throws an error whose name and message lie':
        'throw Object.assign(new Error(), { name: { toString() { for (;;); } }, message: { [Symbol.toPrimitive]() { for (;;); } } })',
      'throws a proxy of an error':
        "throw new Proxy(new Error('x'), { get() { for (;;); }, getPrototypeOf() { for (;;); }, getOwnPropertyDescriptor() { for (;;); } })",
    },
    { ends: ['error', 'timeout'] },
  ),
  {
    name: 'throws an error with a huge message',
    code: "throw new Error('m'.repeat(1e7))",
    ends: 'error',
    error: 'Error',
    timeoutMs: 3000,
  },
  ...attacks(
    {
      'throws an error that looks like a time-out':
        "const e = new Error('The step ran long')\ne.name = 'TimeoutError'\nthrow e",
      'throws an error that looks like running out of memory':
        "const e = new Error('out of memory')\ne.name = 'InternalError'\nthrow e",
      'throws symbols, functions and big integers':
        'throw [Symbol(), () => {}, 10n][Math.floor(Math.random() * 3)]',
    },
    { ends: 'error' },
  ),
  {
    name: 'gives a revoked proxy',
    code: 'var pair = Proxy.revocable({}, {})\npair.revoke()\npair.proxy',
    ends: ['value', 'error'],
  },
  {
    name: 'gives a proxy of a proxy of a proxy',
    code: 'let inner = {}\nfor (let at = 0; at < 1e4; at++) inner = new Proxy(inner, { get() { for (;;); } })\ninner',
    ends: ['value', 'error', 'timeout'],
    next: [['inner = null', 'null']],
  },
  {
    name: 'gives typed arrays, maps and dates that lie',
    code: "class M extends Map { get size() { for (;;); } entries() { for (;;); } get [Symbol.toStringTag]() { for (;;); } }\nclass D extends Date { toISOString() { for (;;); } getTime() { for (;;); } }\nclass U extends Uint8Array { get length() { for (;;); } }\nclass S extends String { toString() { for (;;); } get length() { return 1e9 } }\nvar liars = [new M([[1, 2]]), new D(0), new U(2), new S('x')]\nliars",
    ends: ['value', 'timeout'],
    next: [['liars = null', 'null']],
  },
  {
    name: 'gives species and primitives that loop',
    code: 'class A extends Array { static get [Symbol.species]() { for (;;); } }\nvar odd = [new A(3), { [Symbol.toPrimitive]() { for (;;); }, valueOf() { for (;;); }, constructor: { get name() { for (;;); } } }]\nodd',
    ends: ['value', 'timeout'],
    next: [['odd = null', 'null']],
  },
  {
    name: 'gives an object that is its own parent in many ways',
    code: 'var loop = {}\nloop.a = [loop, new Map([[loop, loop]]), new Set([loop])]\nloop',
    ends: 'value',
    next: [['loop = null', 'null']],
  },
  {
    name: 'gives a result of ten million characters',
    code: "'r'.repeat(1e7)",
    ends: 'value',
    timeoutMs: 3000,
  },
  {
    name: 'makes twenty thousand variables',
    code: "for (let at = 0; at < 2e4; at++) globalThis['v' + at] = at\n0",
    ends: 'value',
    timeoutMs: 5000,
    spoils: true,
  },
  {
    name: 'makes a variable with a name of a million characters',
    code: "globalThis['v'.repeat(1e6)] = 1\n0",
    ends: 'value',
    timeoutMs: 3000,
    spoils: true,
  },
  {
    name: 'defines a global that loops when read',
    code: "Object.defineProperty(globalThis, 'trap', { get() { for (;;); }, enumerable: true, configurable: true })\n0",
    ends: ['value', 'timeout'],
    next: [['delete globalThis.trap', 'true']],
  },
];

const jobs: readonly Attack[] = [
  {
    name: 'doubles its jobs',
    code: '(function queue() { Promise.resolve().then(queue); Promise.resolve().then(queue) })()',
    ends: ['timeout', 'error'],
    next: [['1', '1']],
    timeoutMs: 300,
  },
  { name: 'waits for what never comes', code: 'await new Promise(() => {})', ends: 'error' },
  {
    name: 'leaves a promise for a later step',
    code: 'var later = new Promise((resolve) => { globalThis.resolveLater = resolve })\nlater.then(() => { for (;;); })\n0',
    ends: 'value',
    next: [['1', '1']],
  },
  {
    name: 'iterates asynchronously without end',
    code: 'for await (const at of (async function* () { for (;;) yield 1 })());',
    ends: 'timeout',
    next: [['1', '1']],
  },
  ...attacks(
    {
      'sends values that JSON cannot hold':
        "for (const odd of [NaN, -0, 10n, Symbol(), () => {}, undefined]) try { llm_query('a', odd) } catch {}\n0",
    },
    { ends: 'value' },
  ),
  {
    name: 'holds a generator that is running',
    code: 'function* hold() { var me = yield; me.next() }\nvar held = hold()\nheld.next()\nheld.next(held)',
    ends: 'error',
    error: 'TypeError',
  },
  {
    name: 'finalises with a function that loops',
    code: 'var registry = new FinalizationRegistry(() => { for (;;); })\nfor (let at = 0; at < 1e4; at++) registry.register({}, at)\nnew WeakRef({}).deref() !== null',
    ends: ['value', 'timeout'],
    next: [
      ['1', '1'],
      ['registry = null', 'null'],
    ],
    spoils: true,
  },
  {
    name: 'makes a thenable of its last value',
    code: '({ then(resolve) { for (;;); } })',
    ends: ['value', 'timeout'],
  },
  ...attacks(
    {
      'awaits a thenable that never ends': 'await { then(resolve) { for (;;); } }',
      'asks the host without end': 'while (true) budget()',
    },
    { ends: 'timeout' },
  ),
  {
    name: 'asks the host from a getter of an argument',
    code: "llm_query({ toString() { return llm_query('inner') } })",
    ends: ['value', 'error'],
  },
  {
    name: 'sends values whose toJSON loops',
    code: "llm_query('a', { toJSON() { for (;;); } })",
    ends: ['timeout', 'value', 'error'],
  },
  {
    name: 'sends a prompt of seventy million characters',
    code: "llm_query('x'.repeat(7e7))",
    ends: 'error',
    error: 'INVALID_INPUT|InternalError|RangeError',
  },
  ...attacks(
    {
      'rejects without a handler a thousand times':
        "for (let at = 0; at < 1e3; at++) Promise.reject(new Error('x'))\n0",
    },
    { ends: 'error', error: 'Error' },
  ),
  ...attacks(
    { 'gives an answer of fifty million characters': "FINAL('x'.repeat(5e7))" },
    { ends: 'error', error: 'RangeError' },
  ),
  ...attacks(
    {
      'makes formatters of dates without end':
        "for (let at = 0; ; at++) new Intl.DateTimeFormat(['de', 'fr', 'ja'][at % 3], { fractionalSecondDigits: 1 + (at % 3), era: ['long', 'short'][at % 2], hour12: at % 5 < 2, weekday: ['long', 'short', undefined][at % 7 % 3] })",
      'compares long texts without end':
        "const long = 'ä\\u0323\\u0302'.repeat(1e6)\nfor (;;) long.localeCompare(long + 'b', 'sv', { numeric: true })",
      'sorts by the rules of a language without end':
        "const many = Array.from({ length: 1e6 }, (_, at) => 'x' + ((at * 7919) % 1e6))\nfor (;;) many.slice().sort((a, b) => a.localeCompare(b))",
    },
    { ends: ['timeout', 'lost'] },
  ),
  {
    name: 'looks for a way out through Intl',
    code: "const ways = []\nfor (const made of [Intl, Intl.NumberFormat, Intl.NumberFormat(), Intl.NumberFormat().format, Intl.NumberFormat().formatToParts(1), Intl.DateTimeFormat().resolvedOptions(), ''.localeCompare]) try { ways.push(made.constructor.constructor('return typeof process + typeof globalThis.require')()) } catch (error) { ways.push(error.name) }\nfor (const kind of ['constructor', '__proto__', 'valueOf']) try { ways.push(typeof Intl[kind].constructor) } catch (error) { ways.push(error.name) }\nnew Set(ways).size + ways[0]",
    ends: 'value',
    result: "'2undefinedundefined'",
  },
  {
    name: 'sleeps for odd times',
    code: "for (const odd of [NaN, -1, Infinity * 0, '5', null, {}]) try { sleep(odd) } catch {}\nsleep(Infinity)",
    ends: ['timeout', 'error'],
  },
  {
    name: 'greps with patterns that do not end',
    code: "grep(/(?:.+)+ZZ/, 'a'.repeat(50))",
    ends: ['timeout', 'error', 'value'],
  },
];

const memory: readonly Attack[] = [
  {
    name: 'grows a shared buffer behind its views',
    code: 'const shared = new SharedArrayBuffer(8, { maxByteLength: 2 ** 20 })\nshared.grow(2 ** 20)\nnew Uint8Array(shared).fill(255)\n;({}).a',
    ends: 'error',
    error: 'ReferenceError',
  },
  ...attacks(
    {
      'shrinks a buffer behind its views':
        'const buffer = new ArrayBuffer(1024, { maxByteLength: 2048 })\nconst view = new Uint32Array(buffer)\nbuffer.resize(0)\nview[100] = 1\nview.length',
      'shrinks a buffer while it is sorted':
        'const sorted = new ArrayBuffer(1024, { maxByteLength: 2048 })\nnew Uint8Array(sorted).sort(() => { sorted.resize(0); return 1 }).length',
      'shrinks a buffer while it is filled':
        'const filled = new ArrayBuffer(1024, { maxByteLength: 2048 })\nnew Uint8Array(filled).fill({ valueOf() { filled.resize(0); return 1 } }).length',
      'moves a buffer away from its view':
        'const moved = new ArrayBuffer(1024)\nconst old = new Uint8Array(moved)\nmoved.transfer(4096)\nold[5] = 1\nold.length',
      'changes an array while it is mapped':
        'const list = [1, 2, 3, 4]\nlist.constructor = { [Symbol.species]: function () { return new Uint8Array(1) } }\nlist.map((item) => { list.length = 0; return item })',
      'hides code behind a shebang and comments':
        '#!/bin/node\n<!-- html comment\n/* */ --> more\n1',
    },
    { ends: ['value', 'error'] },
  ),
  {
    name: 'changes an array while it is sorted',
    code: 'const list = Array.from({ length: 1e4 }, (_, at) => at)\nlist.sort((a, b) => { list.length = 0; list.push({}); return b - a }).length',
    ends: ['value', 'error', 'timeout'],
  },
  {
    name: 'waits on shared memory',
    code: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    ends: ['error', 'timeout', 'lost'],
  },
  {
    name: 'writes a date and a number beyond all bounds',
    code: "[new Date(8.64e15).toISOString(), String(new Date(NaN)), (1e21).toFixed(100), (0.1).toString(36), 'x'.localeCompare('y')].length",
    ends: 'value',
    result: '5',
  },
  {
    name: 'uses every flag of patterns',
    code: "for (const flags of ['d', 'g', 'i', 'm', 's', 'u', 'v', 'y', 'dgimsuy', 'zz', 'gg']) try { new RegExp('[\\\\p{L}--[a-z]]|(?<n>a)\\\\k<n>|(?<=b*)c', flags).exec('a'.repeat(1e4)) } catch {}\n0",
    ends: ['value', 'timeout'],
  },
  {
    name: 'nests an array a hundred thousand deep',
    code: 'let deep = []\nfor (let at = 0; at < 1e5; at++) deep = [deep]\nString(deep)',
    ends: 'error',
    next: [['deep = null', 'null']],
  },
  {
    name: 'nests functions by bind',
    code: 'let bound = () => 1\nfor (let at = 0; at < 1e4; at++) bound = bound.bind(null)\nbound()',
    ends: ['value', 'error', 'timeout'],
    next: [['bound = null', 'null']],
  },
  {
    name: 'nests prototypes',
    code: 'let child = {}\nfor (let at = 0; at < 1e5; at++) child = Object.create(child)\nchild.missing',
    ends: ['value', 'error', 'timeout'],
    next: [['child = null', 'null']],
  },
  {
    name: 'makes half a million symbols',
    code: "for (let at = 0; at < 5e5; at++) Symbol.for('k' + at)\n0",
    ends: ['value', 'timeout'],
    spoils: true,
  },
  {
    name: 'declares a name with a half pair',
    code: 'var half = "\\ud800"; var \\u{61}bc = 1;\n`${half}`.length',
    ends: 'value',
    result: '1',
  },
];

const nestings = ['[', '{', '!', '()=>', '`${', 'a?', 'new ', 'x=>{', 'function f(){', 'class A{['];
const nesting = attacks(
  {
    ...Object.fromEntries(
      nestings.map((part) => [
        `evaluates ${part} a hundred thousand times`,
        `eval(${JSON.stringify(part)}.repeat(1e5))`,
      ]),
    ),
    'is itself nested too deep to parse': `${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
    'is itself a chain of sums that never closes': `(1${'+(1'.repeat(10_000)}`,
  },
  { ends: 'error', error: 'SyntaxError|RangeError|InternalError' },
);

describeAttacks('javascript: attacks on the runner', 'javascript', [
  ...pollution,
  ...liars,
  ...jobs,
  ...memory,
  ...nesting,
]);
