// Hashes of changed values: the same for equal values in every process, another for what differs beyond the preview.

import assert from 'node:assert/strict';
import type { Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

/** By what a value is: code with `?` where the two that are compared have 1 or 2. */
type Pairs = Readonly<Record<string, string>>;

const python: Pairs = {
  'a text': `"a" * 5_000 + "?" + "b" * 5_000`,
  'a text of a subclass': `type("Text", (str,), {})("a" * 5_000 + "?")`,
  'a wide text': `"\\u0394" * 5_000 + "?"`,
  'a text with lone surrogates': `"\\ud800" * 300 + "?"`,
  bytes: `b"a" * 5_000 + b"?"`,
  bytearray: `bytearray(b"a" * 100_000 + b"?")`,
  'a list of texts': `["line"] * 100_000 + ["?"]`,
  'texts that differ in the middle': `["line"] * 3_900 + ["?"] + ["line"] * 3_900`,
  'a list of numbers': `[0] * 1_000 + [?]`,
  'numbers that hash alike': `[0] * 1_000 + [-?]`,
  'a zero and a multiple of the modulus': `[7] * 1_000 + [(? - 1) * (2**31 - 1)]`,
  'a list of floats': `[0.5] * 1_000 + [?.5, float("nan")]`,
  'a mixed list': `[0.5, "a", None, True] * 300 + [?]`,
  'true and one': `[0.5, "a"] * 300 + [1 if ? == 1 else True]`,
  'a tuple': `("a",) * 1_000 + (?,)`,
  'a dict': `{**{n: n for n in range(1_000)}, "k": ?}`,
  'a large dict': `{**{str(n): n for n in range(50_000)}, "k": ?}`,
  'a key': `{**{str(n): n for n in range(1_000)}, "k?": 0}`,
  'records in a list': `[{"id": n, "tags": ["a", "b"]} for n in range(200)] + [{"id": 1, "tags": ["a", "?"]}]`,
  'deep inside': `[[[[[[[[["a" * 300, "?"]]]]]]]]]`,
  'a set': `{str(n) for n in range(1_000)} | {"k?"}`,
  'a set of numbers': `set(range(1_000)) | {-?}`,
  'a set of tuples': `{(n, str(n)) for n in range(200)} | {(-?, None)}`,
  'a frozenset': `frozenset(str(n) for n in range(1_000)) | {"k?"}`,
  'a deque': `__import__("collections").deque(range(1_000 + 0 * ?)) + __import__("collections").deque([?])`,
  'an object': `type("Row", (), {})()\nv.first, v.second = "a" * 300, [?]`,
  'an object with slots': `type("Row", (), {"__slots__": ("a", "b")})()\nv.a, v.b = "a" * 300, ?`,
  'a dict of a subclass with attributes': `type("Rows", (dict,), {})({"a": "b" * 300})\nv.more = ?`,
  'an error': `ValueError("a" * 300, ?)`,
  'a large integer': `10**400 + ?`,
  'a decimal': `__import__("decimal").Decimal(10**400 + ?)`,
  'dates in a list': `[__import__("datetime").date(2020, 1, 1)] * 300 + [__import__("datetime").date(202?, 1, 1)]`,
  'the keys of a dict': `{**{str(n): n for n in range(1_000)}, "k?": 0}.keys()`,
  'a list that holds itself': `["a" * 300, "?"]\nv.append(v)`,
};

const javascript: Pairs = {
  'a text': `'a'.repeat(5_000) + '?' + 'b'.repeat(5_000)`,
  'a text put together': `'a'; for (let n = 0; n < 5_000; n++) v += 'bc'; v += '?' + 'd'.repeat(300)`,
  'a wide text': `'\\u0394'.repeat(5_000) + '?'`,
  'a text with lone surrogates': `'\\ud800'.repeat(300) + '?'`,
  'a list of texts': `[...Array(1_000).fill('line'), '?']`,
  'a list of long texts': `[...Array(100).fill('a'.repeat(1_000)), 'a'.repeat(1_000) + '?']`,
  'a list of numbers': `[...Array(1_000).fill(0), ?]`,
  'numbers of other signs': `[...Array(1_000).fill(0), [0, -0][? - 1], 0 / 0]`,
  'a mixed list': `[...Array(500).fill([null, undefined, true]).flat(), ?]`,
  'an object': `({ ...Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => ['k' + n, n])), k: ? })`,
  'a key': `({ a: 'b'.repeat(300), k?: 0 })`,
  'records in a list': `[...Array.from({ length: 500 }, (_, id) => ({ id, tags: ['a', 'b'] })), { id: 1, tags: ['a', '?'] }]`,
  'deep inside': `[[[[[[[[['a'.repeat(300), '?']]]]]]]]]`,
  'a Map': `new Map([...Array.from({ length: 1_000 }, (_, n) => [n, n]), ['k', ?]])`,
  'a key of a Map': `new Map([...Array.from({ length: 1_000 }, (_, n) => [n, n]), [{ k: ? }, 0]])`,
  'a Set': `new Set([...Array.from({ length: 1_000 }, (_, n) => n), 'k?'])`,
  'a typed array': `Uint8Array.from([...Array(5_000).fill(0), ?])`,
  'a typed array of floats': `Float64Array.from([...Array(5_000).fill(NaN), ?])`,
  'a typed array of bigints': `BigInt64Array.from([...Array(500).fill(0n), ?n])`,
  'a buffer': `Uint8Array.from([...Array(5_000).fill(0), ?]).buffer`,
  'a bigint': `10n ** 300n + ?n`,
  'bigints in a list': `[...Array(300).fill(0n), -?n]`,
  'a date in a list': `[...Array(300).fill(0), new Date(?)]`,
  'an expression in a list': `[...Array(300).fill(0), /a?/]`,
  'an error': `new Error('a'.repeat(300) + '?')`,
  'an instance': `new (class Row { a = 'a'.repeat(300); b = [?]; })()`,
  'a proxy': `new Proxy({ a: 'b'.repeat(300), c: ? }, { get() { throw new Error('no'); } })`,
  'an object that holds itself': `({ a: 'b'.repeat(300), c: ? }); v.v = v`,
};

describe('the hash of a changed value', () => {
  let first: SandboxProcess;
  let second: SandboxProcess;

  before(() => {
    first = createSandboxes();
    second = createSandboxes();
  });
  after(() => {
    first.dispose();
    second.dispose();
  });

  const hashOf = async (repl: Repl, code: string): Promise<string | null> => {
    const { changes, error } = await repl.run(code);
    const change = changes.find(({ name }) => name === 'v');
    assert.ok(change, `${code}: ${error?.message}`);
    return change.hash;
  };
  const withRepls = async (
    language: Language,
    use: (here: Repl, there: Repl) => Promise<void>,
  ): Promise<void> => {
    const here = await Repl.open(first, { language });
    const there = await Repl.open(second, { language });
    try {
      await use(here, there);
    } finally {
      here.sandbox.dispose();
      there.sandbox.dispose();
    }
  };
  const begin = { python: 'v = ', javascript: 'v = ' } as const;

  for (const [language, pairs] of [
    ['python', python],
    ['javascript', javascript],
  ] as const) {
    describe(`in ${language}`, () => {
      it('is another where a value differs only beyond its preview, and the same elsewhere', () =>
        withRepls(language, async (here, there) => {
          // What came before moves addresses and identities, and must move no hash.
          await there.run(
            language === 'python' ? 'u = [object() for _ in range(999)]' : 'u = [{}]',
          );
          for (const [title, code] of Object.entries(pairs)) {
            const [one, two] = ['1', '2'].map((n) => begin[language] + code.replaceAll('?', n));
            assert.ok(one && two);
            const hash = await hashOf(here, one);
            assert.match(hash ?? '', /^[0-9a-f]{8}$/, title);
            assert.equal(await hashOf(there, one), hash, `${title}, in another process`);
            assert.notEqual(await hashOf(here, two), hash, title);
          }
        }));
    });
  }

  it('is that of the same flat text where a text is much too long and lies in parts', () =>
    withRepls('javascript', async (here, there) => {
      const letters = `v = Array.from({ length: 5_000 }, (_, n) => String.fromCharCode(97 + (n % 23))).join('')`;
      // Of so long a text the host makes no copy: it may be longer than the session's memory.
      const parts = await hashOf(here, `${letters}; for (let n = 0; n < 14; n++) v += v`);
      assert.match(parts ?? '', /^~[0-9a-f]{8}$/);
      assert.equal(await hashOf(there, `${letters}; v = v.repeat(2 ** 14)`), parts);
      assert.notEqual(await hashOf(here, `v += 'x'`), parts);
      const { error, changes } = await here.run(
        `v = 'x'.repeat(5_000); for (let n = 0; n < 17; n++) v += v`,
      );
      assert.deepEqual([error, changes.map(({ name }) => name)], [null, ['v']]);
    }));

  it('is null for what holds nothing of its own', async () => {
    await withRepls('python', async (here) => {
      for (const code of ['lambda: 0', 'object()', '(n for n in "ab")', 'iter([1])', 'int']) {
        assert.equal(await hashOf(here, `v = ${code}`), null, code);
      }
    });
    await withRepls('javascript', async (here) => {
      for (const code of ['() => 0', 'Symbol()', 'class {}']) {
        assert.equal(await hashOf(here, `v = ${code}`), null, code);
      }
      const getter = `Object.defineProperty(globalThis, 'v', { get: () => 1, configurable: true })`;
      assert.equal(await hashOf(here, getter), null);
    });
  });

  it('stands beside a preview that is the same elsewhere, too', async () => {
    await withRepls('python', async (here, there) => {
      await there.run('u = [object() for _ in range(999)]\ndef w(): pass');
      for (const code of [
        'lambda: 0',
        '[].append',
        'len',
        'object()',
        '(n for n in "ab")',
        'compile("1", "name", "eval")',
        '[lambda: 0, object(), {"a": [].append}, __import__("functools").partial(len)]',
        'type("Own", (), {"__init__": lambda self: None})()',
        'type("Own", (), {})().__init__',
        'iter([1])',
        '(await_ for await_ in [])',
        '__import__("io").StringIO()',
        '__import__("re").match("a", "a")',
        'super(int, 1)',
        'int.from_bytes',
        '"".join',
        '__import__("threading").Lock()',
        '__import__("weakref").ref(type("Own", (), {}))',
        '__import__("types").SimpleNamespace(a=lambda: 0)',
        '__import__("collections").defaultdict(lambda: 0)',
        '__import__("contextlib").nullcontext',
        '__import__("operator").itemgetter(1)',
      ]) {
        const previews = [];
        for (const repl of [here, there]) {
          const { changes, error } = await repl.run(`v = ${code}`);
          assert.equal(error, null, code);
          previews.push(changes.find(({ name }) => name === 'v')?.preview);
        }
        assert.equal(previews[1], previews[0], code);
        assert.doesNotMatch(previews[0] ?? '', /0x/u);
      }
    });
  });

  it('runs no code of the session', async () => {
    await withRepls('python', async (here) => {
      const code = [
        'def seen(*_): raise SystemError("ran")',
        'names = ("__hash__", "__eq__", "__iter__", "__len__", "__repr__", "__getattribute__", "__float__", "__index__")',
        'kinds = [type("Own", (base,), dict.fromkeys(names, seen)) for base in (list, dict, str, int, float, tuple, object)]',
        'v = [base.__new__(base) for base in kinds]',
      ].join('\n');
      assert.match((await hashOf(here, code)) ?? '', /^[0-9a-f]{8}$/);
    });
    await withRepls('javascript', async (here) => {
      const code = [
        'let ran = 0;',
        'const trap = { get: () => { ran++; }, ownKeys: () => { ran++; return []; }, getOwnPropertyDescriptor: () => { ran++; } };',
        'v = [new Proxy({ a: 1 }, trap), { get b() { ran++; return 1; }, toString() { ran++; }, valueOf() { ran++; } }];',
      ].join('\n');
      assert.match((await hashOf(here, code)) ?? '', /^[0-9a-f]{8}$/);
      assert.equal(await here.evaluate('ran'), '0');
    });
  });

  it('is found of what is much too large to be looked at whole', async () => {
    await withRepls('python', async (here, there) => {
      for (const code of [
        'v = [[n, {"a": [n]}] for n in range(300_000)]',
        'v = {n: (n, str(n)) for n in range(200_000)}',
        'v = [1]\nfor _ in range(60): v = [v, v]',
        'v = {(n, 0.5) for n in range(100_000)}',
      ]) {
        const hash = await hashOf(here, code);
        assert.match(hash ?? '', /^~?[0-9a-f]{8}$/, code);
        assert.equal(await hashOf(there, code), hash, code);
      }
    });
    await withRepls('javascript', async (here, there) => {
      for (const code of [
        'v = Array.from({ length: 200_000 }, (_, n) => [n, { a: [n] }])',
        'v = new Map(Array.from({ length: 100_000 }, (_, n) => [n, [n]]))',
        'v = [1]; for (let n = 0; n < 60; n++) v = [v, v]',
        'v = new Float64Array(1_000_000)',
      ]) {
        const hash = await hashOf(here, code);
        assert.match(hash ?? '', /^~?[0-9a-f]{8}$/, code);
        assert.equal(await hashOf(there, code), hash, code);
      }
    });
  });
});
