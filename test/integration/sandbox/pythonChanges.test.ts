// Which of its variables a Python step changed: those that hold something else than before, and no others.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, itIn } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const setup = `
import abc, array, collections, dataclasses, datetime, csv, enum, functools, gc, io, itertools, random, re, types
import decimal, hashlib, queue, threading, zlib
import xml.etree.ElementTree as ET
class Leaf(ET.Element): pass
class Box:
    limit = 1
    def show(self): return self.limit
@dataclasses.dataclass
class Row:
    n: int = 1
class Color(enum.Enum):
    RED = 1
`;

/** By what a value is: how it is made, and a change in place. */
const inPlace: Readonly<Record<string, readonly [string, string]>> = {
  'a row of a matrix': ['[[0] * 10 for _ in range(10)]', 'v[9][9] = 1'],
  'a dict in a list': ['[{"k": n} for n in range(40)]', 'v[30]["k"] = 98'],
  'a dict in a dict': ['{f"k{n}": {"n": n} for n in range(40)}', 'v["k25"]["n"] = 100'],
  'what an object holds': [
    'Box(); v.items = [{"n": n} for n in range(100)]',
    'v.items[50]["n"] = "new"',
  ],
  'an element': ['list(range(300))', 'v[150] = "x"'],
  'a number of a long list': ['list(range(1_000_000))', 'v[5] = 1'],
  'a sign': ['[-1] * 3', 'v[0] = -2'],
  'a type': ['[1.0, "a"]', 'v[0] = 1'],
  'a number counted up twice': ['[1000]', 'v[0] += 1; v[0] += 1'],
  'a text of a large dict': ['{str(n): "v" for n in range(100_000)}', 'v["5"] = "w"'],
  'a record of many': ['[{"id": n, "tags": ["a"]} for n in range(50_000)]', 'v[7]["id"] = 0'],
  'a deque': ['collections.deque(range(1_000))', 'v[500] = -1'],
  'an array': ['array.array("d", range(1_000))', 'v[500] = -1'],
  'a bytearray': ['bytearray(100_000)', 'v[70_000] = 1'],
  'a view of memory': ['memoryview(bytearray(1_000))', 'v[700] = 1'],
  'a stream of text': ['io.StringIO("a" * 1_000)', 'v.seek(700); v.write("b")'],
  'a stream of bytes': ['io.BytesIO(b"a" * 1_000)', 'v.seek(700); v.write(b"b")'],
  'a list in a tuple': ['([1], 2)', 'v[0].append(3)'],
  'a set': ['set(range(300))', 'v.discard(200); v.add(-5)'],
  'a class': ['type("Own", (), {"limit": 1})', 'v.limit = 2'],
  'an attribute of a function': ['lambda: 1; v.n = 1', 'v.n = 2'],
  'what a function closes over': [
    '0\ndef count(n=0):\n  def inner():\n    nonlocal n\n    n += 1\n  return inner\nv = count(); del count',
    'v()',
  ],
  'a default': ['lambda to=[]: to.append(1)', 'v()'],
  'a class of an own metaclass': ['type("M", (type,), {})("Own", (), {"limit": 1})', 'v.limit = 2'],
  'an abstract class': ['abc.ABCMeta("Own", (), {"limit": [1]})', 'v.limit.append(2)'],
  'the order of a dict': ['{n: n for n in range(300)}', 'v[0] = v.pop(0)'],
  'the order of an ordered dict': [
    'collections.OrderedDict((n, n) for n in range(300))',
    'v.move_to_end(0)',
  ],
  'the order of one of an own class': [
    'type("Own", (collections.OrderedDict,), {})((n, n) for n in range(300))',
    'v.move_to_end(0)',
  ],
  'a function in a list': ['[lambda: 1] * 3', 'v[1] = lambda: 2'],
  'a function made anew': ['lambda: 1', 'del v; v = lambda: 2'],
  'a function made anew in a dict': [
    '{"long": "x" * 300, "f": lambda: 1}',
    'del v["f"]; v["f"] = lambda: 2',
  ],
  'a closure made anew in a dict': [
    '{"long": "x" * 300, "f": (lambda n: lambda: n)(1)}',
    'del v["f"]; v["f"] = (lambda n: lambda: n)(2)',
  ],
  'a default made anew in a dict': [
    '{"long": "x" * 300, "f": lambda n=1: n}',
    'del v["f"]; v["f"] = lambda n=2: n',
  ],
  'a method made anew in a dict': [
    '{"long": "x" * 300, "boxes": [Box(), Box()]}; v["f"] = v["boxes"][0].show',
    'del v["f"]; v["f"] = v["boxes"][1].show',
  ],
  'what a view of a mapping shows': [
    'types.MappingProxyType({n: [n] for n in range(300)})',
    'gc.get_referents(v)[0][200].append(1)',
  ],
  'a text made anew': ['"a" * 5_000', 'v = None; v = "a" * 4_999 + "b"'],
  'a number made anew': ['1_000', 'v = None; v = 2_000'],
};

/** What goes on by itself: how it is made, and how it goes on. `all`: on every backend. */
const goingOn: Readonly<Record<string, readonly [string, string, 'all' | 'wasm']>> = {
  'an iterator over a list': ['iter([1, 2, 3])', 'next(v)', 'all'],
  'an iterator over a range': ['iter(range(10))', 'next(v)', 'all'],
  'an iterator over a text': ['iter("abc")', 'next(v)', 'all'],
  'an iterator over a dict': ['iter({1: 2, 3: 4}.items())', 'next(v)', 'all'],
  'an iterator in a list': ['[iter([1, 2, 3])]', 'next(v[0])', 'all'],
  'an iterator in an object': ['Box(); v.rows = iter([1, 2])', 'next(v.rows)', 'all'],
  'an enumeration': ['enumerate([1, 2, 3])', 'next(v)', 'all'],
  'pairs of iterators': ['zip([1, 2], [3, 4])', 'next(v)', 'all'],
  'a filter': ['filter(None, [1, 2, 3])', 'next(v)', 'all'],
  'a map of a map': ['map(str, map(int, ["1", "2"]))', 'next(v)', 'all'],
  'a counter': ['itertools.count(5)', 'next(v)', 'wasm'],
  'a cycle': ['itertools.cycle([1, 2])', 'next(v)', 'wasm'],
  'a generator': ['(n for n in range(5))', 'next(v)', 'wasm'],
  'a generator in a dict': ['{"rows": (n for n in range(5))}', 'next(v["rows"])', 'wasm'],
  'a stream of text': ['io.StringIO("one\\ntwo")', 'v.readline()', 'all'],
  'a stream of bytes': ['io.BytesIO(b"one\\ntwo")', 'v.read(2)', 'all'],
  'a reader of rows': ['csv.reader(["a,b", "c,d"])', 'next(v)', 'all'],
  'a source of random numbers': ['random.Random(1)', 'v.random()', 'all'],
};

/** What C code keeps where Python code does not see it: how it is made, and how it changes. */
const keptByC: typeof goingOn = {
  'the text of an element': ['ET.Element("a")', 'v.text = "b"', 'all'],
  'an attribute of an element': ['ET.Element("a", {"b": "c"})', 'v.set("b", "d")', 'all'],
  'a new child of an element': ['ET.Element("a")', 'ET.SubElement(v, "b")', 'all'],
  'a child far down': ['ET.fromstring("<a><b><c>d</c></b></a>")', 'v[0][0].text = "e"', 'all'],
  'an element in a list': ['[ET.Element("a")]', 'v[0].tail = "b"', 'all'],
  'an element in an object': ['Box(); v.root = ET.Element("a")', 'v.root.tag = "b"', 'all'],
  'an element of a class of its own': ['Leaf("a")', 'v.text = "b"', 'all'],
  'elements in a queue': ['queue.SimpleQueue()', 'v.put(1)', 'all'],
  'a hash': ['hashlib.sha256()', 'v.update(b"a")', 'all'],
  'a hash of any length': ['hashlib.shake_128()', 'v.update(b"a")', 'all'],
  'a number that was packed': ['zlib.compressobj()', 'v.compress(b"a")', 'wasm'],
  'a scanner of a pattern': ['re.compile("a").scanner("aa")', 'v.search()', 'wasm'],
  'matches of a pattern': ['re.finditer("a", "aaa")', 'next(v)', 'wasm'],
  'rules of decimals': ['decimal.Context(prec=5)', 'v.prec = 9', 'wasm'],
  'flags of decimals': ['decimal.Context(prec=5)', 'v.divide(1, 3)', 'wasm'],
  'a lock': ['threading.Lock()', 'v.acquire()', 'wasm'],
};

/** Code that names no variable it changes: what there was before, the step, and the changed variables. */
const throughOthers: Readonly<Record<string, readonly [string, string, readonly string[]]>> = {
  'a method': ['class H:\n  def bump(self): v.append(1)\nh = H()', 'h.bump()', ['v']],
  'an inherited method': ['class I(H): pass\nh = I()', 'h.bump()', ['v']],
  'a method of what an object holds': ['b = Box(); b.h = H()', 'b.h.bump()', ['v']],
  'a property': ['class P:\n  @property\n  def n(self): return v.append(1)\nh = P()', 'h.n', ['v']],
  'a static method': ['class P:\n  @staticmethod\n  def n(): v.append(1)\nh = P()', 'h.n()', ['v']],
  'an object that can be called': [
    'class P:\n  def __call__(self): v.append(1)\nh = P()',
    'h()',
    ['v'],
  ],
  'the modules': [
    'import sys, importlib',
    'getattr(sys.modules["__main__"], "v").append(1)',
    ['v'],
  ],
  'a module by its name': [
    'import sys, importlib',
    'getattr(importlib.import_module("__main__"), "v").append(1)',
    ['v'],
  ],
  'a frame': [
    'import sys, importlib',
    'getattr(sys, "_getframe")().f_globals["v"].append(1)',
    ['v'],
  ],
  'the globals of a function': ['def h(): pass', 'h.__globals__["v"].append(1)', ['v']],
  'an item of a dict': ['h = {"a": lambda: v.append(1)}', 'h["a"]()', ['v']],
  'items of a list': ['h = [lambda: v.append(1)]', '[one() for one in h]; None', ['v']],
  'a partial function': ['h = functools.partial(v.append, 1)', 'h()', ['v']],
  'a bound method of a list': ['h = v.append', 'h(1)', ['v']],
  'a bound method': ['h = H().bump', 'h()', ['v']],
  'a cached function': ['@functools.lru_cache\ndef h(n): v.append(n)', 'h(1)', ['v']],
  'a wrapped function': [
    'def wrap(f):\n  @functools.wraps(f)\n  def inner(*a): return f(*a)\n  return inner\n@wrap\ndef h(): v.append(1)',
    'h()',
    ['v'],
  ],
  'a default of a function': ['def h(to=v): to.append(1)', 'h()', ['h', 'v']],
  'a class by its instance': ['class P: items = []\nh = P()', 'h.items.append(1)', ['P']],
  'a count of a class': [
    'class P:\n  n = 0\n  def __init__(self): type(self).n += 1\ndef make(): return P()',
    'make(); None',
    ['P'],
  ],
  'what holds it': ['h = {"k": [v]}', 'v.append(1)', ['h', 'v']],
  'what holds it deep within': ['b = Box(); b.k = ({"k": [v]},)', 'v.append(1)', ['b', 'v']],
  'what holds a part of it': ['v.append([]); h = [v[1]]', 'v[1].append(1)', ['h', 'v']],
  'what holds another': ['h = [[1]]', 'v.append(1)', ['v']],
  'a view of it': ['v = bytearray(3); h = memoryview(v)', 'v[0] = 1', ['h', 'v']],
  'code in a text': ['pass', 'exec("v.append(1)")', ['v']],
  'code in a text, anew': ['v = [1]', 'exec("v = [7]; v = [8]; v = [9]")', ['v']],
  'the globals': ['def h(): globals()["v"].append(1)', 'h()', ['v']],
};

const many = 100_000;
/** The same in one of many places, `?`. */
const large: Readonly<Record<string, readonly [string, string]>> = {
  'an element': [`list(range(${many}))`, 'v[?] = -1 - ?'],
  'a sign': [`[n + 0.5 for n in range(${many})]`, 'v[?] = -v[?]'],
  'a type': [`[True] * ${many}`, 'v[?] = 1'],
  'a large integer': [`[10**30 + n for n in range(${many})]`, 'v[?] += 1'],
  'a text of a list': [`[f"line {n}" for n in range(${many})]`, 'v[?] += "."'],
  'a wide text of a list': [`[f"\\u0394 {n}" for n in range(${many})]`, 'v[?] += "."'],
  'a value of a dict': [`{f"k{n}": n for n in range(${many})}`, 'v["k?"] = "x"'],
  'a value by a number': [`{n: n for n in range(${many})}`, 'v[?] = "x"'],
  'a member of a set': [`{f"k{n}" for n in range(${many})}`, 'v.discard("k?"); v.add("x?")'],
  'a member of a set of tuples': [
    `{(n, str(n)) for n in range(${many})}`,
    'v.discard((?, "?")); v.add((?, "x"))',
  ],
  'a record': [`[{"id": n, "tags": ["a", "b"]} for n in range(${many})]`, 'v[?]["tags"][1] = "x"'],
  'an object': [`[Row(n) for n in range(${many})]`, 'v[?].n = "x"'],
  'an attribute more': [`[Box() for n in range(${many})]`, 'v[?].more = "x"'],
  'an item of a list in a tuple': [`tuple([n] for n in range(${many}))`, 'v[?][0] = "x"'],
  'a count': [`collections.Counter(range(${many}))`, 'v[?] += 1'],
  'a list of a subclass': [`type("Rows", (list,), {})(range(${many}))`, 'v[?] = "x"'],
  'a date': [`[datetime.date(2020, 1, 1)] * ${many}`, 'v[?] = datetime.date(2020, 1, 2)'],
  'a number of an array': [`array.array("d", range(${many}))`, 'v[?] = -1.5'],
  'a byte of a large bytearray': ['bytearray(9_000_000)', 'v[? * 89] = 1'],
  'a byte of a view with gaps': ['memoryview(bytearray(9_000_000))[::3]', 'v[? * 29] = 1'],
  'a text': [`"a" * 9_000_000`, 'v = v[:? * 89] + "b" + v[? * 89 + 1:]'],
};
const places = [0, 2, 777, 50_000, 55_555, many - 2, many - 1];

const unchanged: Readonly<Record<string, string>> = {
  'a class': 'Box',
  'a dataclass': 'Row',
  'an enum': 'Color',
  'an instance': 'Box()',
  'a row': 'Row()',
  'a member': 'Color.RED',
  'a built-in class': 'itertools.count',
  'a counter': 'itertools.count()',
  'a match': 're.match("a", "abc")',
  'a pattern': 're.compile("a")',
  'a function': 'Box.show',
  'a method': 'Box().show',
  'a number': '10**6',
  'a list': '[10**6, [0.5, object()], {"a": lambda: 1}]',
  'a large list': '[object() for _ in range(50_000)]',
  'a stream': 'io.StringIO("a")',
  'an iterator': 'iter([1])',
  'a module': 're',
  'a date': 'datetime.datetime(2020, 1, 1)',
  'a dict of a subclass': 'type("Own", (dict,), {})(a=1)',
  'a list of a subclass': 'type("Own", (list,), {})([1])',
  'a tuple of a subclass': 'type("Own", (tuple,), {})([1])',
  'a Counter': 'collections.Counter("ab")',
  'an ordered dict': 'collections.OrderedDict(a=1)',
  'a function that closes over values': '(lambda n: lambda: n)([1])',
  'a named tuple': 'collections.namedtuple("Pair", "a b")(1, [2])',
};
/** What is done to a value that is only read. */
const reads = [
  'hash(v) if type(v).__hash__ else 0',
  'repr(v); str(v)',
  'list(v) if hasattr(v, "__len__") else 0',
  'vars(v) if hasattr(v, "__dict__") else 0',
  'w = [v, v]; del w',
];

describePython('the variables that a Python step changed', (backend) => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes, { language: 'python' });
    assert.equal((await repl.run(setup)).error, null);
  });
  after(() => sandboxes.dispose());

  const changedBy = async (code: string): Promise<string[]> => {
    const { changes, error } = await repl.run(code);
    assert.equal(error, null, code);
    return changes.map(({ name }) => name);
  };

  for (const [title, [make, change]] of Object.entries(inPlace)) {
    it(`are those changed in place: ${title}`, async () => {
      assert.deepEqual(await changedBy(`v = ${make}`), ['v']);
      assert.deepEqual(await changedBy('v; None'), []);
      assert.deepEqual(await changedBy(`${change}; None`), ['v']);
    });
  }

  for (const [title, [make, change, backends]] of Object.entries({ ...goingOn, ...keptByC })) {
    itIn(backends === 'all' ? ['wasm', 'local', 'container'] : ['wasm'], backend)(
      `are those that went on: ${title}`,
      async () => {
        assert.deepEqual(await changedBy(`v = ${make}`), ['v']);
        for (const read of ['v; None', 'repr(v); None', 'v.__class__; hash(id(v)); None']) {
          assert.deepEqual(await changedBy(read), [], read);
        }
        assert.deepEqual(await changedBy(`${change}; None`), ['v']);
        assert.deepEqual(await changedBy('v; None'), []);
      },
    );
  }

  it('are counted where they are too many to be told', async () => {
    await repl.run('i = 0');
    for (const code of [
      'for i in range(1_500): globals()[f"many{i}"] = i',
      'for i in range(1_500): globals()[f"many{i}"] = -i - 1',
      'for i in range(1_500): del globals()[f"many{i}"]',
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

  for (const [title, [make, change, names]] of Object.entries(throughOthers)) {
    it(`are those changed through others: ${title}`, async () => {
      await repl.run('v = [0]\nclass H:\n  def bump(self): v.append(1)');
      assert.equal((await repl.run(make)).error, null);
      assert.deepEqual(await changedBy(`${change}`), names);
    });
  }

  for (const [title, [make, change]] of Object.entries(large)) {
    itIn(['wasm'], backend)(`are those changed in one of many places: ${title}`, async () => {
      const hashOf = async (code: string): Promise<string | null> => {
        const { changes, error, stderr } = await repl.run(code);
        assert.deepEqual([error, stderr, changes.map(({ name }) => name)], [null, '', ['v']], code);
        return changes[0]?.hash ?? null;
      };
      const hashes = new Set([await hashOf(`v = ${make}`)]);
      assert.deepEqual(await changedBy('v; None'), []);
      for (const place of places) {
        const code = change.replaceAll('?', String(place));
        const hash = await hashOf(`${code}; None`);
        assert.match(hash ?? '', /^[0-9a-f]{8}$/);
        assert.ok(!hashes.has(hash), `${code}: the same hash as before`);
        hashes.add(hash);
      }
    });
  }

  for (const [make, change] of [
    ['w = v["a"]["b"].append', 'w(2)'],
    ['w = v["a"]["b"].append\ndef put(): w(2)', 'put()'],
    ['w = functools.partial(v["a"]["b"].append, 2)', 'w()'],
    ['w = (v["a"]["b"].append(n) for n in range(9))', 'next(w)'],
    ['w = type("Own", (dict,), {"put": lambda self: self["a"]["b"].append(2)})(v).put', 'w()'],
  ] as const) {
    it(`are those that hold what was changed in place by a call: ${make}`, async () => {
      await repl.run('v = {"p": "x" * 300, "a": {"b": [1]}}; other = [[1]]');
      await changedBy(make);
      const changed = await changedBy(`${change}; None`);
      assert.deepEqual(
        changed.filter((name) => name !== 'w'), // a generator went on
        ['v'],
      );
      assert.deepEqual(await changedBy('w; None'), []);
      await repl.run('for name in ("v", "w", "put", "other"): globals().pop(name, None)\ndel name');
    });
  }

  for (const last of ['del w', 'w = 1', 'w = [w]', 'w = {}', 'globals().pop("w")']) {
    it(`are those that hold what was changed in place by a name that ends so: ${last}`, async () => {
      await repl.run('v = {"p": "x" * 300, "a": {"b": [1]}}; other = [[1]]; w = v["a"]');
      const changed = await changedBy(`w["b"].append(2); ${last}`);
      assert.deepEqual(
        changed.filter((name) => name !== 'w'),
        ['v'],
      );
      await repl.run('def put():\n  global w\n  w["b"].append(2)\n  ' + last);
      await repl.run('w = [v["a"]]; w = v["a"]');
      const changedInside = await changedBy('put()');
      assert.deepEqual(
        changedInside.filter((name) => name !== 'w'),
        ['v'],
      );
      await repl.run('for name in ("v", "w", "put", "other"): globals().pop(name, None)\ndel name');
    });
  }

  it('are those where a value comes in the place of one of another kind', async () => {
    // One by one in the place of each other, where no preview shows it. A small integer is what other kinds are told by.
    const kinds = [
      'None',
      'True',
      'False',
      '0.0',
      '1.0',
      '""',
      '"a"',
      'b""',
      'b"a"',
      '()',
      '[]',
      '{}',
      'set()',
      '0j',
    ];
    const numbers = Array.from({ length: 64 }, (_, n) => String(n));
    await repl.run('v = [0] * 300 + ["first"]');
    const seen = new Map<string, string>();
    for (const code of [...kinds, ...numbers, '-1', '2**15', '2**30', '-2**15']) {
      const { changes } = await repl.run(`v[-1] = ${code}`);
      assert.deepEqual(
        changes.map(({ name }) => name),
        ['v'],
        code,
      );
      const hash = changes[0]?.hash ?? '';
      assert.equal(seen.get(hash), undefined, code);
      seen.set(hash, code);
    }
    for (const kind of kinds) {
      for (const number of numbers) {
        await repl.run(`v[-1] = ${kind}`);
        assert.deepEqual(await changedBy(`v[-1] = ${number}`), ['v'], `${kind}, then ${number}`);
      }
    }
  });

  it('have hashes that are alike for equal values only', async () => {
    const seen = new Map<string, string>();
    await repl.run('import json');
    const hashOf = async (code: string): Promise<string> => {
      await repl.run('v = None; del v');
      return (await repl.run(`v = ${code}`)).changes[0]?.hash ?? '';
    };
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const text = JSON.stringify(value);
        const hash = await hashOf(`json.loads(${JSON.stringify(text)})`);
        assert.equal(seen.get(hash) ?? text, text);
        seen.set(hash, text);
        assert.equal(await hashOf(toLiteral(JSON.parse(text))), hash, text);
      }),
      { numRuns: 150 },
    );
  });

  it('are told with a note where a value is too large to be compared whole', async () => {
    const made = await repl.run('v = [[n, [n]] for n in range(400_000)]');
    assert.match(made.changes[0]?.hash ?? '', /^~[0-9a-f]{8}$/);
    assert.match(made.stderr, /^note: too large to be compared whole, .*: v\n$/);
    const { changes, stderr } = await repl.run('len(v)');
    assert.deepEqual([changes, stderr], [[], '']);
    await repl.run('del v');
  });

  it('are not those that a step only reads', async () => {
    for (const [title, make] of Object.entries(unchanged)) {
      await changedBy(`v = ${make}`);
      for (const read of reads) {
        assert.deepEqual(
          await changedBy(`try: ${read}\nexcept TypeError: pass`),
          [],
          `${title}: ${read}`,
        );
      }
    }
  });

  it('are not those that a step only names', async () => {
    for (const [title, make] of Object.entries(unchanged)) {
      await repl.run(`v = None`);
      assert.deepEqual(await changedBy(`v = ${make}`), ['v'], title);
      assert.deepEqual(await changedBy('v; w = 1; del w'), [], title);
    }
    assert.deepEqual(await changedBy('limit = 10**6; show = Box()'), ['limit', 'show']);
    assert.deepEqual(
      await changedBy('Box.limit; Box.show; [1].count(1); Box; Row(); Color(1); None'),
      [],
    );
  });
});

/** As code that makes an equal value in another way. */
function toLiteral(value: unknown): string {
  if (Array.isArray(value)) {
    return `list((${value.map((one) => `${toLiteral(one)}, `).join('')}))`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, one]) => `(${toText(key)}, ${toLiteral(one)}), `,
    );
    return `dict((${entries.join('')}))`;
  }
  const words = new Map<unknown, string>([
    [null, 'None'],
    [true, 'True'],
    [false, 'False'],
  ]);
  return words.get(value) ?? (typeof value === 'string' ? toText(value) : String(value));
}

function toText(text: string): string {
  return `"".join((${text
    .split('')
    .map((unit) => `${JSON.stringify(unit)}, `)
    .join('')}))`;
}
