// Which of its variables a Python step changed: those that hold something else than before, and no others.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

const setup = `
import array, collections, dataclasses, enum, io, itertools, re
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
  'a function in a list': ['[lambda: 1] * 3', 'v[1] = lambda: 2'],
  'a function made anew': ['lambda: 1', 'del v; v = lambda: 2'],
  'a text made anew': ['"a" * 5_000', 'v = None; v = "a" * 4_999 + "b"'],
  'a number made anew': ['1_000', 'v = None; v = 2_000'],
};

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
};

describe('the variables that a Python step changed', () => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes();
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
