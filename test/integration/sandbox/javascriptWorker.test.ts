// The real JavaScript and search workers behind a small host: what the protocol promises, and what
// hostile code must not reach.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describeJavascript } from '../../support/backends';
import { type Bundles, JavascriptHost, buildBundles, removeBundles } from './javascriptHost';

describeJavascript(
  'JavaScript worker',
  function (backend) {
    this.timeout(30_000);
    let bundles: Bundles;
    let host: JavascriptHost;

    before(async () => {
      bundles = await buildBundles();
    });
    after(() => removeBundles(bundles));
    beforeEach(async () => {
      host = await JavascriptHost.start(bundles, 64, backend);
    });
    afterEach(() => host.dispose());

    const result = async (code: string): Promise<string | null> => {
      const { error, result: text } = await host.run(code);
      assert.equal(error, null);
      return text;
    };
    const stdout = async (code: string): Promise<string> => (await host.run(code)).stdout;
    const errorType = async (code: string): Promise<string | undefined> =>
      (await host.run(code)).error?.type;

    /** Asks to stop, and again until the step ends, as the sandbox process does. */
    const interrupted = async (code: string): Promise<string | undefined> => {
      const timer = setInterval(() => host.interrupt(), 50);
      try {
        return await errorType(code);
      } finally {
        clearInterval(timer);
      }
    };

    describe('steps', () => {
      it('keep declarations of every kind, which later steps may make again', async () => {
        await host.run(
          'let a = 1; const b = 2; class C { m() { return a } } function f() { return b }',
        );
        await host.run('let a = 10; const b = 20; class D extends C {}');
        assert.equal(await result('[new D().m(), f(), a + b]'), '[ 10, 20, 30 ]');
      });

      it('keep what a failing step had done before it failed', async () => {
        assert.equal(await errorType('let kept = 1; null.x; kept = 2'), 'TypeError');
        assert.equal(await result('kept'), '1');
      });

      it('answer with the value of a trailing expression only', async () => {
        assert.deepStrictEqual(
          [await result('1 + 1'), await result('1; let q = 2'), await result('undefined')],
          ['2', null, null],
        );
      });

      it('await at the top level, and run what is queued', async () => {
        assert.equal(await result('const v = await Promise.resolve(20); v + 1'), '21');
        assert.equal(
          await stdout('Promise.resolve().then(() => print("later")); print("now")'),
          'now\nlater\n',
        );
        assert.equal(await result('v'), '20');
      });

      it('fail when they await what can never happen', async () => {
        assert.match((await host.run('await new Promise(() => {})')).error?.message ?? '', /never/);
      });

      it('show the state of a promise that nobody awaits', async () => {
        assert.equal(
          (await host.run('Promise.reject(new TypeError("no"))')).result,
          'Promise { <rejected> [TypeError: no] }',
        );
      });

      it('report errors with the line and the frames of the code alone', async () => {
        await host.run('function f(x) {\n  x.y();\n}', { step: 3 });
        const { error } = await host.run('\nconst a = 1;\nf(null)', { step: 4 });
        assert.deepStrictEqual(error, {
          type: 'TypeError',
          message: "cannot read property 'y' of null",
          line: 3,
          traceback:
            "TypeError: cannot read property 'y' of null\n    at f (<step 3>:2)\n    at <step 4>:3",
        });
      });

      it('report syntax errors with their line', async () => {
        const { error } = await host.run('let a = 1;\n)');
        assert.deepStrictEqual([error?.type, error?.line], ['SyntaxError', 2]);
      });

      it('report thrown values that are no errors', async () => {
        assert.deepStrictEqual(
          (await host.run('throw { a: 1 }')).error?.message,
          'Thrown: { a: 1 }',
        );
        assert.deepStrictEqual((await host.run('throw null')).error?.type, 'null');
      });

      it('name errors by the class that the code made', async () => {
        assert.equal(await errorType('class Odd extends Error {}; throw new Odd("x")'), 'Odd');
      });
    });

    describe('output', () => {
      it('goes to two streams, each capped, the dropped characters counted', async () => {
        const code =
          'print("y".repeat(500)); console.error("e".repeat(500)); console.log(1, "a", [1])';
        const { stdout: out, stderr, dropped } = await host.run(code, { maxOutputChars: 100 });
        assert.deepStrictEqual([out, stderr], ['y'.repeat(100), 'e'.repeat(100)]);
        assert.deepStrictEqual(dropped, {
          stdout: 400 + 1 + '1 a [ 1 ]\n'.length,
          stderr: 400 + 1,
          result: 0,
        });
      });

      it('carries NUL and lone surrogates unharmed, in and out', async () => {
        assert.equal(await stdout("print('a\\0b', '\\ud800', '\udc00')"), 'a\0b \ud800 \udc00\n');
        host.onCall = ({ args }) => ({ value: args[0] });
        assert.equal(await result("llm_query('\\0\\ud800') === '\\0\\ud800'"), 'true');
      });

      it('carries any text unharmed', async () => {
        const unit = fc.nat(0xffff).map((code) => String.fromCharCode(code));
        const text = fc.string({ unit, maxLength: 20 });
        const property = fc.asyncProperty(text, async (given) => {
          host.onCall = () => ({ value: given });
          const { stdout: out } = await host.run('print(llm_query("")); FINAL(llm_query(""))');
          assert.equal(out, `${given}\n`);
        });
        await fc.assert(property, { numRuns: 40 });
      });

      it('shows values without running their code', async () => {
        const values = {
          '({ get x() { for (;;); } })': '{ x: [Getter] }',
          'new Proxy({ a: 1 }, { ownKeys() { for (;;); }, get() { for (;;); } })': '{ a: 1 }',
          'Proxy.revocable([1], {}).proxy': '[ 1 ]',
          '({ toString() { throw 1 }, toJSON() { for (;;); } })':
            '{ toString: [Function: toString], toJSON: [Function: toJSON] }',
          'const loop = {}; loop.self = loop; loop': '{ self: [Circular] }',
          'new Map([[{ a: 1 }, new Set(["x"])]])': "Map(1) { { a: 1 } => Set(1) { 'x' } }",
          'new (class Box { constructor() { this.v = [1n, -0] } })': 'Box { v: [ 1n, -0 ] }',
          'Object.create(Map.prototype)': 'Map {}',
          '[, "it\'s", \'"\', Symbol("s"), null]': `[ <empty>, "it's", '"', Symbol(s), null ]`,
          'new Uint8Array(3)': 'Uint8Array(3) [ 0, 0, 0 ]',
          '[/a/gi, new Date(0)]': '[ /a/gi, 1970-01-01T00:00:00.000Z ]',
          'class Foo {}; [Foo, () => 1]': '[ [class Foo], [Function: (anonymous)] ]',
        };
        for (const [code, text] of Object.entries(values)) {
          assert.equal(await result(`${code}`.startsWith('{') ? `(${code})` : code), text);
        }
      });

      it('bounds what is shown in depth, items and characters', async () => {
        assert.match((await result('Array(1e6).fill(7)')) ?? '', /… 999900 more\n\]$/);
        assert.match((await result('[[[[[[[1]]]]]]]')) ?? '', /\[Array\]/);
        const { result: long } = await host.run('"x".repeat(1e6)', { maxOutputChars: 100 });
        assert.equal(long?.length, 100);
      });
    });

    describe('variables', () => {
      const changes = async (code: string): Promise<unknown[]> =>
        (await host.run(code)).changes.map(({ change, name, type, size, preview }) => [
          change,
          name,
          type,
          size,
          preview,
        ]);

      it('are listed sorted, without what was there before', async () => {
        await host.run('let b = 1; globalThis.a = 2; function c() {}');
        assert.deepStrictEqual((await host.run('1')).variables, ['a', 'b', 'c']);
      });

      it('have the same hash when they are the same text, however it was made', async () => {
        const { changes: made } = await host.run(`
const whole = 'é'.repeat(3000) + 'Ж'.repeat(3000);
globalThis.flat = JSON.parse(JSON.stringify('Ж'.repeat(2000)));
globalThis.part = whole.slice(3500, 5500);
globalThis.partOfPart = whole.slice(3100, 5900).slice(100, 2100);
globalThis.joined = 'Ж'.repeat(1000) + 'Ж'.repeat(1000);
globalThis.other = whole.slice(2999, 4999);`);
        const hashes = new Map(made.map(({ name, hash }) => [name, hash]));
        const same = ['flat', 'part', 'partOfPart', 'joined'].map((name) => hashes.get(name));
        assert.equal(typeof same[0], 'string');
        assert.deepStrictEqual(new Set(same), new Set([same[0]]));
        assert.notEqual(hashes.get('other'), same[0]);
      });

      it('are reported when they are added, changed or removed', async () => {
        assert.deepStrictEqual(await changes('let n = 1, s = "text"; u = new Uint16Array(3)'), [
          ['added', 'n', 'number', null, '1'],
          ['added', 's', 'string', 4, "'text'"],
          ['added', 'u', 'Uint16Array', 6, 'Uint16Array(3) [ 0, 0, 0 ]'],
        ]);
        assert.deepStrictEqual(await changes('n = 2; delete globalThis.u; s = "text"'), [
          ['changed', 'n', 'number', null, '2'],
          ['removed', 'u', '', null, ''],
        ]);
      });

      it('are reported when their inside changes, at any depth, under any name', async () => {
        await host.run('let rows = [], alias = rows, map = new Map(), deep = { a: { b: [1] } }');
        const names = async (code: string): Promise<string[]> =>
          (await host.run(code)).changes.map((change) => change.name);
        assert.deepStrictEqual(
          [
            await names('rows.push(1)'),
            await names('map.set("k", 1)'),
            await names('deep.a.b.push(2)'),
            await names('function add() { alias[0] = 5 }'),
            await names('add()'),
            await names('rows.length'),
          ],
          [['alias', 'rows'], ['map'], ['deep'], ['add'], ['alias', 'rows'], []],
        );
      });

      it('are read in parts, as text, JSON or shown', async () => {
        await host.run('let s = "ab😀cd", j = { a: [1, null] }, m = new Map([[1, 2]]), f = NaN');
        assert.deepStrictEqual(await host.read('s', 0, 3), {
          type: 'string',
          text: 'ab',
          form: 'text',
          totalChars: 6,
          incomplete: null,
        });
        assert.deepStrictEqual(
          [
            await host.read('j'),
            await host.read('m'),
            await host.read('f'),
            await host.read('none'),
          ].map((value) => value && [value.form, value.text]),
          [['json', '{"a":[1,null]}'], ['repr', 'Map(1) { 1 => 2 }'], ['repr', 'NaN'], null],
        );
      });

      it('are read as they are after the last step, page by page', async () => {
        await host.run('let counted = [11111, 22222], other = [1, 2]');
        const pages = async (name: string) => [
          (await host.read(name, 0, 4))?.text,
          (await host.read(name, 4, 4))?.text,
          (await host.read(name, 8, 4))?.text,
        ];
        assert.deepStrictEqual(await pages('counted'), ['[111', '11,2', '2222']);
        assert.deepStrictEqual(await pages('other'), ['[1,2', ']', '']);
        await host.run('counted[0] = 7; other.push(3)');
        assert.deepStrictEqual(await pages('counted'), ['[7,2', '2222', ']']);
        assert.deepStrictEqual(await pages('other'), ['[1,2', ',3]', '']);
      });

      it('are read whole by reading part after part', async () => {
        const text = fc.string({ unit: fc.constantFrom('a', '😀', '\ud800', '\n'), maxLength: 12 });
        const property = fc.asyncProperty(
          text,
          fc.integer({ min: 1, max: 4 }),
          async (given, size) => {
            await host.run(`var s = ${JSON.stringify(given)}`);
            let read = '';
            while (read.length < given.length) {
              read += (await host.read('s', read.length, size))?.text ?? '';
            }
            assert.equal(read, given);
          },
        );
        await fc.assert(property, { numRuns: 40 });
      });
    });

    describe('calls', () => {
      it('block the code until the reply, with the arguments as JSON', async () => {
        const failures = [{ index: 1, code: 'CANCELLED', message: 'no' }];
        host.onCall = ({ name, args }) => {
          const text = `${name} ${JSON.stringify(args)}`;
          return { value: name.endsWith('batched') ? { answers: [text, null], failures } : text };
        };
        assert.equal(
          await stdout(`print(llm_query({ a: 1 }, 'm')); print(await rlm_query('q', 'c'));
          print(llm_query_batched(['a', 'b'])); print(budget()); sleep(5)`),
          [
            'llm_query ["{\\"a\\":1}","m"]',
            'rlm_query ["q","c",null]',
            `[ 'llm_query_batched [["a","b"],null]', null ]`,
            'budget []',
            '',
          ].join('\n'),
        );
        assert.deepStrictEqual(host.calls.map(({ name, call }) => [name, call]).at(-1), [
          'sleep',
          4,
        ]);
      });

      it('throw what the host refuses, by its code', async () => {
        host.onCall = () => ({ error: { code: 'MODEL_UNAVAILABLE', message: 'no model' } });
        assert.equal(
          await stdout('try { llm_query("q") } catch (e) { print(String(e)) }'),
          'MODEL_UNAVAILABLE: no model\n',
        );
        assert.equal(await errorType('llm_query("q")'), 'MODEL_UNAVAILABLE');
      });

      it('never return to code that was interrupted while it waited', async () => {
        host.onCall = () => ({ interrupted: true });
        const code =
          'let after = 0; try { llm_query("q") } catch { after = 1 } finally { after = 2 }';
        assert.equal(await errorType(code), 'Interrupted');
        assert.equal(await result('after'), '0');
      });

      it('are not possible while a variable is read', async () => {
        await host.run('let v = { toJSON() { return llm_query("q") } }');
        assert.equal((await host.read('v'))?.form, 'repr');
        assert.deepStrictEqual(host.calls, []);
      });
    });

    describe('answers', () => {
      const final = async (code: string): Promise<string | null> =>
        (await host.run(code)).finalAnswer;

      it('are text as it is, else JSON, else shown; the last one counts', async () => {
        await host.run('let found = { n: 1 }');
        assert.deepStrictEqual(
          [
            await final('FINAL("text"); 1'),
            await final('FINAL([1, "a"])'),
            await final('FINAL(new Set([1]))'),
            await final('FINAL(1); FINAL_VAR("found")'),
            await final('SUBMIT({ answer: "inner" })'),
            await final('SUBMIT("plain"); throw 1'),
            await final('1'),
          ],
          ['text', '[1,"a"]', 'Set(1) { 1 }', '{"n":1}', 'inner', 'plain', null],
        );
      });

      it('of an unknown variable fail, naming the known ones', async () => {
        assert.match(
          (await host.run('let known = 1; FINAL_VAR("x")')).error?.message ?? '',
          /known/,
        );
      });

      it('SHOW_VARS prints a table, and returns nothing that would be shown again', async () => {
        await host.run('let rows = [1, 2], n = 5');
        const { stdout: shown, result } = await host.run('SHOW_VARS()');
        assert.deepStrictEqual([shown, result], ['n     number\nrows  Array   2\n', null]);
      });
    });

    describe('contexts', () => {
      it('are one string, whatever their bytes hold', async () => {
        for (const text of ['', 'a\0b\n', 'é\n\nü', 'Привет\n世界 😀', '\ufeffbom', 'x\r\n']) {
          const sizes = await host.load(text);
          assert.deepStrictEqual(sizes, {
            totalChars: text.length,
            totalLines: text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
            sourceChars: [text.length],
            preview: text,
          });
          host.onCall = () => ({ value: text });
          assert.equal(await result('context === llm_query("")'), 'true');
        }
      });

      it('are decoded right where a piece ends inside a character', async () => {
        const text = `${'a'.repeat(65_535)}😀é`.repeat(3);
        await host.load(text);
        assert.equal(await result(`context === ('a'.repeat(65535) + '😀é').repeat(3)`), 'true');
      });

      it('replace bytes that are no UTF-8, as V8 does', async () => {
        assert.equal((await host.load({ a: new Uint8Array([97, 0xff, 0xe2, 98]) }))?.totalChars, 4);
        assert.equal(await result('context.a'), "'a��b'");
      });

      it('of several sources map paths to texts, odd paths among them', async () => {
        await host.load({
          'a.txt': 'one\n',
          ['__proto__']: 'two',
          constructor: '',
          'ü/b': 'three',
        });
        assert.equal(
          await result('JSON.stringify(Object.entries(context))'),
          `'[["a.txt","one\\\\n"],["__proto__","two"],["constructor",""],["ü/b","three"]]'`,
        );
      });

      it('are variables, but no changes', async () => {
        await host.load('text');
        const { variables, changes } = await host.run('context.length');
        assert.deepStrictEqual([variables, changes], [['context'], []]);
      });

      it('come on top of the memory the code may use', async () => {
        await host.load('x'.repeat(100_000_000));
        assert.equal(
          await result('let own = "y".repeat(40_000_000); own.length + context.length'),
          '140000000',
        );
      });

      it('that do not fit change nothing', async () => {
        await host.load('old');
        assert.equal(await host.loadBytes(new Uint8Array(new SharedArrayBuffer(2 ** 30))), null);
        assert.equal(await result('context'), "'old'");
      });
    });

    describe('helpers', () => {
      const text = 'first line\nsecond needle42 line\nthird Needle7\n';

      it('grep gives places that can be cited', async () => {
        await host.load(text);
        assert.equal(
          await result(`JSON.stringify(grep('needle\\\\d+'))`),
          `'[{"start":18,"end":26,"line":2,"text":"needle42","lineText":"second needle42 line"}]'`,
        );
        assert.equal(await result('grep(/needle/i).map((hit) => hit.line)'), '[ 2, 3 ]');
        assert.equal(
          await result('grep("NEEDLE", { ignoreCase: true, maxMatches: 1 }).truncated'),
          'true',
        );
      });

      it('look through one path or all', async () => {
        await host.load({ a: text, b: 'needle' });
        assert.equal(await result('grep("needle").map((hit) => hit.path)'), "[ 'a', 'b' ]");
        assert.equal(
          await result('grep("needle", { path: "b" }).map((hit) => hit.path)'),
          "[ 'b' ]",
        );
        assert.equal(await errorType('grep("needle", { path: "c" })'), 'ReferenceError');
      });

      it('ask the host for loaded texts, and look themselves elsewhere', async () => {
        await host.load({ a: text, b: 'needle' });
        await host.run('grep("needle"); search("needle"); grep("n", { text: context.a })');
        assert.equal(host.calls.length, 3);
        await host.run(
          'grep("needle", { text: context.a + "needle" }); context.a = "x"; grep("needle")',
        );
        assert.equal(host.calls.length, 4);
      });

      it('find the same in the host and in the guest', async () => {
        const words = ['needle', 'Needle', 'x', '\n', ' ', '😀', 'é', '.', 'needles'];
        const anyText = fc.array(fc.constantFrom(...words), { maxLength: 60 });
        const pattern = fc.constantFrom('needle', '^.', '\\b', 'e*', '$', '[^x]x', '\\p{L}+');
        const property = fc.asyncProperty(anyText, pattern, async (parts, source) => {
          await host.load(parts.join(''));
          const lines = await stdout(`
          const local = [...context].join(''), pattern = ${JSON.stringify(source)};
          const show = (spans) => print(JSON.stringify([spans.truncated, spans]));
          show(grep(pattern, { maxMatches: 20 }));
          show(grep(pattern, { maxMatches: 20, text: local }));
          show(search('needle x', { windowChars: 50, limit: 3 }));
          show(search('needle x', { windowChars: 50, limit: 3, text: local }))`).then((out) =>
            out.split('\n'),
          );
          assert.equal(lines[0], lines[1]);
          assert.equal(lines[2], lines[3]);
        });
        await fc.assert(property, { numRuns: 60 });
      });

      it('refuse what is no pattern with the reason', async () => {
        await host.load(text);
        assert.equal(await errorType('grep("(")'), 'SyntaxError');
        assert.equal(await errorType('grep("(", { text: "a" })'), 'SyntaxError');
        assert.equal(await errorType('grep("a", { maxMatches: -1 })'), 'RangeError');
      });

      it('chunk cuts at line ends, and covers the text', async () => {
        await host.load(text);
        assert.equal(
          await result(
            'chunk({ size: 25 }).map(({ start, end, line }) => [start, end, line].join())',
          ),
          "[ '0,11,1', '11,32,2', '32,46,3' ]",
        );
      });

      it('chunk covers any text with the asked overlap, not splitting pairs', async () => {
        const anyText = fc.string({
          unit: fc.constantFrom('a', '😀', '\n'),
          minLength: 1,
          maxLength: 30,
        });
        const sizes = fc.record({ size: fc.integer({ min: 3, max: 9 }), overlap: fc.nat(2) });
        const by = fc.constantFrom('lines', 'chars');
        const property = fc.asyncProperty(anyText, sizes, by, async (given, size, unit) => {
          const options = JSON.stringify({ ...size, by: unit, text: given });
          const json = await host.run(`FINAL(chunk(${options}))`);
          const spans = JSON.parse(json.finalAnswer ?? '[]') as {
            start: number;
            end: number;
            text: string;
          }[];
          let covered = 0;
          for (const span of spans) {
            assert.ok(
              span.start <= covered && span.end > covered && span.end - span.start <= size.size + 2,
            );
            assert.doesNotThrow(() => encodeURIComponent(span.text)); // well-formed
            covered = span.end;
          }
          assert.equal(covered, given.length);
        });
        await fc.assert(property, { numRuns: 60 });
      });
    });

    describe('hostile code', () => {
      const probe = async (): Promise<void> => {
        assert.equal(await result('kept + 1'), '124');
      };
      beforeEach(() => host.run('var kept = 123'));

      const nothing = [
        'typeof process + typeof require + typeof fetch + typeof WebAssembly + typeof setTimeout',
        "Function('return typeof process + typeof require + typeof fetch + typeof std + typeof os')()",
        "llm_query.constructor('return typeof process + typeof module + typeof Worker + typeof os + typeof bjson')()",
      ];
      for (const code of nothing) {
        it(`reaches nothing of the host by ${code.slice(0, 40)}…`, async () => {
          assert.match((await result(code)) ?? '', /^'(?:undefined){4,5}'$/);
        });
      }

      const failures: Readonly<Record<string, string>> = {
        "import fs from 'fs'": 'SyntaxError',
        "await import('fs')": 'ReferenceError',
        "throw { name: 'InternalError', message: 'interrupted' }": 'Object',
        'new Array(4294967295).fill(0)': 'InternalError',
        'let full = []; for (;;) full.push({})': 'InternalError',
        'let big = []; for (;;) big.push(new Uint8Array(1e6))': 'InternalError',
        "'ab'.repeat(1e9)": 'RangeError',
        '2n ** (10n ** 8n)': 'RangeError',
        '(function f() { f() })()': 'RangeError',
        "JSON.parse('['.repeat(1e6))": 'RangeError',
        "eval('('.repeat(1e5))": 'RangeError',
        "new RegExp('('.repeat(1e5))": 'SyntaxError',
      };
      for (const [code, type] of Object.entries(failures)) {
        it(`fails and keeps variables: ${code.slice(0, 60)}`, async () => {
          assert.equal(await errorType(code), type);
          await probe();
        });
      }

      const endless = [
        'for (;;);',
        'for (;;) { try { for (;;); } catch {} }',
        'function g() { try { for (;;); } finally { g() } } g()',
        "/(a+)+$/.exec('a'.repeat(40) + 'b')",
        '(async () => { for (;;) await 0 })()',
        'Promise.resolve().then(() => { for (;;); }).catch(() => { kept = 0 }).finally(() => { kept = 0 })',
        'for (;;) print("x".repeat(1000))',
        'FINAL({ toString() { for (;;); } } + "")',
        'await (async () => { try { for (;;) await 0 } finally { kept = 0 } })()',
      ];
      for (const code of endless) {
        it(`is interrupted and keeps variables: ${code.slice(0, 60)}`, async () => {
          assert.equal(await interrupted(code), 'Interrupted');
          await probe();
        });
      }

      it('cannot run after its step, by promises or finalizers', async () => {
        await interrupted('Promise.resolve().then(() => { kept = 0 }); for (;;);');
        await host.run('new FinalizationRegistry(() => { kept = 0 }).register({}, 1)');
        await probe();
      });

      it('that has no memory left is told so, with the limit and what to do, also by one built-in call', async () => {
        for (const code of [
          "'ab'.repeat(1e7).split('').length",
          'new Array(1e9).fill(0).length',
          'const a = []; for (;;) a.push([a.length])',
          "let s = 'x'; for (;;) s = s.replace(/^/, s)",
        ]) {
          const { error } = await host.run(`{ ${code} }`);
          assert.match(error?.message ?? '', /out of memory.* 64 MB .*max_memory_mb/, code);
        }
        const { error } = await host.run('try { new Array(1e9).fill(0) } catch {}\nthrow null');
        assert.equal(error?.message, 'Thrown: null');
      });

      it('that has used up its memory can let go of it', async () => {
        await host.run('let full = []; try { for (;;) full.push({}) } catch {}');
        assert.equal((await host.run('full = null; 1')).error, null);
        assert.equal(await result('"z".repeat(3e7).length'), '30000000');
      });

      it('that keeps all memory for itself, the reserve too, ends its worker', async () => {
        const steps = Array.from(
          { length: 20 },
          (_, step) => `var k${step} = []; for (;;) k${step}.push({})`,
        );
        const run = async (): Promise<void> => {
          for (const code of steps) {
            await host.run(code);
          }
        };
        await assert.rejects(run(), /used up all memory/);
        assert.equal(await host.ended, 0);
      });

      it('cannot break the runner by changing the language', async () => {
        await host.load('some needle');
        await host.run(`delete globalThis.print; delete globalThis.llm_query; JSON = null; Map.prototype.get = null;
        Object.prototype.toJSON = () => 5; Array.prototype.push = null; String.prototype.slice = null;
        Object.defineProperty(Object.prototype, 'value', { get() { throw 1 }, configurable: true });
        Object.prototype.then = function () {}; Array.prototype[Symbol.iterator] = null;
        Object.defineProperty(Array.prototype, 0, { set() { throw 2 } }); RegExp.prototype.exec = null`);
        const {
          stdout: out,
          result: text,
          changes,
        } = await host.run('print({ a: [1] }, grep("needle").length); let fresh = [1]; ({ b: 2 })');
        assert.deepStrictEqual([out, text], ['{ a: [ 1 ] } 1\n', '{ b: 2 }']);
        assert.deepStrictEqual(
          changes.map((change) => change.name),
          ['fresh'],
        );
      });

      it('cannot freeze the globals, which later steps add to', async () => {
        assert.equal(await errorType('Object.freeze(globalThis)'), 'TypeError');
        assert.equal(await errorType('let later = 1'), undefined);
        await probe();
      });
    });

    it('ends when the host breaks the protocol', async () => {
      const broken = host.next();
      host.post({ kind: 'reply', call: 7, value: null });
      assert.equal((await broken).kind, 'broken');
      assert.equal(await host.ended, 0);
    });
  },
  ['wasm'],
);
