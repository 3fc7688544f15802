// Known attacks on JavaScript sandboxes: ways to the host's realm, polluted built-ins, endless code and
// job queues, memory and nesting bombs, spoofed interrupts. Longer than usual: a table, one row an attack.

import { type Attack, attacks, describeAttacks } from '../../support/attack';

const waysOut: readonly Attack[] = [
  ...attacks(
    {
      'J1 reads the version of the process': 'process.version',
      'J2 requires a module': "require('fs').readFileSync('{secretFile}', 'utf8')",
      'J17a fetches': "fetch('http://127.0.0.1:{port}/')",
      'J17b opens a request': 'new XMLHttpRequest()',
      'J17c opens a socket': "new WebSocket('ws://127.0.0.1:{port}/')",
      'J17d sets a timer': 'setTimeout(() => {}, 1)',
      'J19 forges a call': '__call("x")',
    },
    { ends: 'error', error: 'ReferenceError' },
  ),
  { name: 'J3 imports a module', code: "import fs from 'fs'", ends: 'error', error: 'SyntaxError' },
  {
    name: 'J4 imports a module at run time',
    code: "await import('fs').then(() => 'in', () => 'refused')",
    ends: 'value',
    result: "'refused'",
  },
  {
    name: 'J5 looks for the host by Function',
    code: "Function('return typeof process + typeof require + typeof fetch')()",
    ends: 'value',
    result: "'undefinedundefinedundefined'",
  },
  ...attacks(
    {
      'J6 climbs by a constructor': "[].constructor.constructor('return typeof process')()",
      'J7 climbs by a host function': "llm_query.constructor('return typeof process')()",
      'J8 asks whose realm a host function is of':
        "print.constructor('return this === globalThis && typeof process')()",
      'J10a climbs by async functions':
        "await (async () => {}).constructor('return typeof process')()",
      'J10b climbs by generators':
        "(function* () {}).constructor('yield typeof process')().next().value",
      'J13 looks for WebAssembly': 'typeof WebAssembly',
    },
    { ends: 'value', result: "'undefined'" },
  ),
  ...attacks(
    {
      'J9 climbs by the error of a host call':
        "try { llm_query(Symbol()) } catch (error) { error.constructor.constructor('return typeof process')() }",
      'J14 sends shared memory to the host':
        "llm_query('a', typeof SharedArrayBuffer === 'undefined' ? null : new SharedArrayBuffer(8))",
    },
    { ends: ['value', 'error'] },
  ),
  {
    name: 'J11 looks through the globals',
    code: 'Reflect.ownKeys(globalThis).filter((key) => /^(?:process|require|fetch|Worker|WebAssembly|std|os|setTimeout|__.*)$/.test(String(key))).length',
    ends: 'value',
    result: '0',
  },
  {
    name: 'J12 looks for the engine’s own modules',
    code: 'typeof std + typeof os + typeof scriptArgs + typeof bjson',
    ends: 'value',
    result: "'undefinedundefinedundefinedundefined'",
  },
  {
    name: 'J18a reads the stack of an error',
    code: '(() => { try { null.x } catch (error) { return /step/.test(error.stack) && !/[/\\\\]/.test(error.stack) } })()',
    ends: 'value',
    result: 'true',
  },
  {
    name: 'J18b reads the stack of a host call’s error',
    code: '(() => { try { llm_query_batched(1) } catch (error) { return /[/\\\\]/.test(error.stack) } })()',
    ends: 'value',
    result: 'false',
  },
];

const pollution: readonly Attack[] = [
  {
    name: 'J15 pollutes what everything inherits',
    code: "Object.prototype.x = 1\nArray.prototype.map = null\nJSON.stringify = () => 'no'",
    ends: 'value',
    next: [["print('a', { b: 1 });\n[1, 2]", '[ 1, 2 ]']],
    spoils: true,
  },
  {
    name: 'J16 makes everything a thenable',
    code: 'Object.prototype.then = function () {}',
    ends: ['value', 'error'],
    next: [['1 + 1', '2']],
    spoils: true,
  },
  {
    name: 'J20a gives a result that throws when looked at',
    code: 'new Proxy({}, { get() { throw 1 }, ownKeys() { throw 1 } })',
    ends: 'value',
  },
  ...attacks(
    {
      'J20b gives a result that loops in toJSON':
        '({ toJSON() { for (;;); }, toString() { for (;;); } })',
      'J20c gives a result whose getters loop': '({ get a() { for (;;); } })',
      'J44 loops when garbage is collected':
        'new FinalizationRegistry(() => { for (;;); }).register({}, 1)\nfor (let at = 0; at < 1e5; at++) ({})',
    },
    { ends: ['value', 'timeout'] },
  ),
  ...attacks(
    {
      'J41 throws null': 'throw null',
      'J42 throws what looks like an interrupt':
        "throw { name: 'InternalError', message: 'interrupted' }",
    },
    { ends: 'error' },
  ),
  {
    name: 'J43 takes its functions away',
    code: 'print = null; llm_query = null; JSON = null; 0',
    ends: 'value',
    next: [
      ['1 + 1', '2'],
      ['delete globalThis.llm_query', 'true'],
      ["llm_query('a')", "'answer to llm_query'"],
    ],
    spoils: true,
  },
  {
    name: 'J45 prints NUL and half a pair',
    code: "print('a\\0b', '\\ud800')",
    ends: 'value',
    stdout: 'a\0b \ud800\n',
  },
];

const endless: readonly Attack[] = [
  ...attacks(
    {
      'J21 loops': 'while (true);',
      'J22 loops and catches': 'while (true) { try { while (true); } catch (error) {} }',
      'J23 loops in finally': 'function g() { try { while (true); } finally { g() } }\ng()',
      'J26a backtracks': "/(a+)+$/.exec('a'.repeat(40) + 'b')",
      'J26b backtracks in another way': "/(x+x+)+y/.exec('x'.repeat(50))",
      'J39a prints without end': "while (true) print('x'.repeat(1000))",
      'J40 waits for a host that never answers': "llm_query('slow')",
    },
    { ends: 'timeout' },
  ),
  ...attacks(
    {
      'J24a queues jobs without end': '(function queue() { Promise.resolve().then(queue) })()',
      'J24b awaits without end': '(async () => { while (true) await 0 })()\n0',
    },
    { ends: 'timeout', next: [['1', '1']] },
  ),
  {
    name: 'J25 drains an endless generator',
    code: '[...(function* () { while (true) yield })()].length',
    ends: ['timeout', 'error'],
    error: 'InternalError',
  },
  {
    name: 'J28 joins without a look at the clock',
    code: "new Array(1e8).join('ab').length",
    ends: ['timeout', 'error', 'lost'],
  },
  ...attacks(
    {
      'J29a sorts numbers': 'Array(2e6).fill(0).map((_, at) => -at).sort((a, b) => a - b).length',
      'J29b sorts characters': "'x'.repeat(1e7).split('').sort().join('').length",
    },
    { ends: ['timeout', 'lost', 'error'] },
  ),
  { name: 'J39b prints five million characters', code: "print('y'.repeat(5e6))", ends: 'value' },
];

const bombs: readonly Attack[] = [
  {
    name: 'J27 fills the largest array',
    code: 'new Array(4294967295).fill(0).length',
    ends: ['timeout', 'error'],
    error: 'InternalError|RangeError',
  },
  ...attacks(
    {
      'J30a repeats a string': "'ab'.repeat(1e9)",
      'J30b pads a string': "'a'.padEnd(2 ** 30)",
      'J30c doubles a string': "let text = 'ab'\nwhile (true) text += text",
      'J33a makes a huge typed array': 'new Uint8Array(2 ** 32)',
      'J34a recurses': '(function f() { f() })()',
      'J34b recurses in a getter': '({ get x() { return this.x } }).x',
    },
    { ends: 'error', error: 'RangeError|InternalError' },
  ),
  {
    name: 'J31a raises a big integer',
    code: '2n ** (10n ** 8n)',
    ends: 'error',
    error: 'RangeError',
  },
  {
    name: 'J31b multiplies big integers',
    code: 'let big = 3n\nwhile (true) big *= big',
    ends: ['error', 'timeout', 'lost'],
    error: 'RangeError',
  },
  {
    name: 'J32a grows an array',
    code: 'let list = []\nwhile (true) list.push({})',
    ends: ['timeout', 'error'],
    error: 'InternalError',
    next: [['list = null', 'null']],
    timeoutMs: 10000,
  },
  {
    name: 'J32b grows a map',
    code: 'let map = new Map()\nwhile (true) map.set(map.size, {})',
    ends: ['timeout', 'error'],
    error: 'InternalError',
    next: [['map = null', 'null']],
    timeoutMs: 10000,
  },
  {
    name: 'J33b makes many typed arrays',
    code: 'let held = []\nwhile (true) held.push(new Uint8Array(2 ** 20))',
    ends: 'error',
    error: 'InternalError|RangeError',
    next: [['held = null', 'null']],
    timeoutMs: 10000,
  },
  { name: 'J35 reads deep JSON', code: "JSON.parse('['.repeat(1e6))", ends: 'error' },
  {
    name: 'J36 writes a deep object',
    code: 'let deep = {}\nfor (let at = 0; at < 1e5; at++) deep = { deep }\nJSON.stringify(deep).length',
    ends: ['error', 'timeout', 'lost'],
    spoils: true,
  },
  {
    name: 'J37 evaluates nested parentheses',
    code: "eval('('.repeat(1e5) + '1' + ')'.repeat(1e5))",
    ends: 'error',
    error: 'SyntaxError|RangeError|InternalError',
  },
  {
    name: 'J38 nests groups in a pattern',
    code: "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))",
    ends: 'error',
    error: 'SyntaxError|RangeError',
  },
];

describeAttacks('javascript: known attacks', 'javascript', [
  ...waysOut,
  ...pollution,
  ...endless,
  ...bombs,
]);
