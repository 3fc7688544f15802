// Reading a value from outside a step: it runs no code of the session, never harms the value or the session, is
// bounded in time and depth, and gives the value's text, or says why it is not whole.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

describePython('the text of a python value', (backend) => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes, { context: 'one two' });
    await repl.run(setUp);
  });
  after(() => sandboxes.dispose());

  const setUp = `
import collections, dataclasses, datetime, decimal, enum, fractions, re, types, uuid
ran = []
class Hostile:
    """Every way into its code is noted; none is used to read it."""
    def __init__(self, *_): self.x = 1
    def note(name):
        def run(self, *rest):
            ran.append(name)
            raise RuntimeError(name)
        return run
    for name in ("__repr__", "__str__", "__len__", "__iter__", "__getitem__", "__getattr__", "__bool__", "__hash__",
                 "__eq__", "__format__", "__index__", "__int__", "__float__", "__bytes__", "__contains__",
                 "__reversed__", "items", "keys", "values", "__reduce__", "__dir__", "__sizeof__", "__call__"):
        locals()[name] = note(name)
    @property
    def shown(self): ran.append("property")
    def __getattribute__(self, name): ran.append("attribute"); raise RuntimeError(name)
class Meta(type):
    def __getattribute__(cls, name): ran.append("meta"); return type.__getattribute__(cls, name)
    def __repr__(cls): ran.append("meta repr"); return "x"
    __eq__ = __hash__ = lambda cls, *rest: ran.append("meta eq") or 1
    @property
    def __name__(cls): ran.append("meta name"); return "x"
class OfMeta(metaclass=Meta): pass
def mix(base): return type("My" + base.__name__, (Hostile, base), {})
loop = [1]; loop.append(loop)
loops = {"self": None}; loops["self"] = loops
knot = ([],); knot[0].append(knot)
deep = []
for _ in range(3000): deep = [deep]
wide = [1]
for _ in range(60): wide = [wide, wide]
@dataclasses.dataclass
class Point: x: int; y: int
class Colour(enum.Enum): RED = 1
class Slots:
    __slots__ = ("q", "unset")
slots = Slots(); slots.q = [1]
Pair = collections.namedtuple("Pair", "a b")
class Slow:
    def __repr__(self):
        while True: pass
class Changing:
    def __repr__(self): global state; state = "changed"; return "x"
state = "as it was"
big = "x" * 5_000_000
`;

  /** Expression → [form, text] of a value that is read whole. */
  const whole: Readonly<Record<string, readonly [string, string]>> = {
    '"text"': ['text', 'text'],
    'mix(str)("own")': ['text', 'own'],
    '{"a": [1, None, True, 1.5, "ä"]}': ['json', '{"a": [1, null, true, 1.5, "ä"]}'],
    '[]': ['json', '[]'],
    '(1, "a")': ['repr', "(1, 'a')"],
    '[float("nan")]': ['repr', '[nan]'],
    '{1: 2}': ['repr', '{1: 2}'],
    '{(1, 2)}': ['repr', '{(1, 2)}'],
    'Hostile()': ['repr', '<Hostile x=1>'],
    '[Hostile(), {"a": Hostile()}]': ['repr', "[<Hostile x=1>, {'a': <Hostile x=1>}]"],
    'mix(list)()': ['repr', '[]'],
    'mix(dict)()': ['repr', '{}'],
    'mix(int)()': ['repr', '0'],
    'mix(tuple)()': ['repr', '()'],
    '[OfMeta]': ['repr', "[<class '__main__.OfMeta'>]"],
    'Point(1, 2)': ['repr', 'Point(x=1, y=2)'],
    'Colour.RED': ['repr', '<Colour.RED: 1>'],
    slots: ['repr', '<Slots q=[1]>'],
    'Pair(1, [2])': ['repr', 'Pair(a=1, b=[2])'],
    'types.SimpleNamespace()': ['repr', 'namespace()'],
    'types.SimpleNamespace(a=1)': ['repr', 'namespace(a=1)'],
    'collections.Counter("aab")': ['repr', "Counter({'a': 2, 'b': 1})"],
    'collections.defaultdict(list, a=[1])': ['repr', "defaultdict(<class 'list'>, {'a': [1]})"],
    'collections.OrderedDict(a=1)': ['repr', "OrderedDict({'a': 1})"],
    'collections.deque([1], 3)': ['repr', 'deque([1], maxlen=3)'],
    '{"a": 1}.items()': ['repr', "dict_items([('a', 1)])"],
    'decimal.Decimal("1.50")': ['repr', "Decimal('1.50')"],
    'datetime.date(2020, 1, 2)': ['repr', 'datetime.date(2020, 1, 2)'],
    'datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)': [
      'repr',
      'datetime.datetime(2020, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)',
    ],
    'b"x\\0"': ['repr', "b'x\\x00'"],
    'bytearray(b"x")': ['repr', "bytearray(b'x')"],
    're.compile("a")': ['repr', "re.compile('a')"],
    'range(3)': ['repr', 'range(0, 3)'],
    '"\\ud83d"': ['text', '\ud83d'],
    '["\\ud800"]': ['json', '["\ud800"]'],
  };
  for (const [code, [form, text]] of Object.entries(whole)) {
    it(`is whole for ${code}`, async () => {
      const { error } = await repl.run(`ran.clear(); value = ${code}; made = list(ran)`);
      assert.equal(error, null, error?.traceback);
      const value = await repl.read('value');
      assert.deepStrictEqual(
        [value?.form, value?.text, value?.incomplete, value?.totalChars],
        [form, text, null, text.length],
      );
      assert.equal(await repl.evaluate('ran[len(made):], state'), "([], 'as it was')");
    });
  }

  const cut: Readonly<Record<string, RegExp>> = {
    loop: /holds itself/u,
    loops: /holds itself/u,
    knot: /holds itself/u,
    '{"a": (1, loops)}': /holds itself/u,
    'OfMeta()': /object of type OfMeta/u,
    'Slow()': /object of type Slow/u,
    'Changing()': /object of type Changing/u,
    'ValueError("no", [Slow()])': /object of type Slow/u,
    'object()': /object of type object/u,
    '{"a": [object()]}': /object of type object/u,
    OfMeta: /is a class/u,
    int: /is a class/u,
    types: /is a module/u,
    deep: /deeper than 100/u,
    wide: /longer than|took too long/u,
    '[wide, Slow()]': /longer than|deeper|took too long/u,
  };
  for (const [code, reason] of Object.entries(cut)) {
    it(`says that it is not whole for ${code}, and the session goes on`, async () => {
      await repl.run(`value = ${code}`);
      const value = await repl.read('value', 0, 100);
      assert.match(value?.incomplete ?? '', reason);
      assert.equal(await repl.evaluate('state'), "'as it was'");
    });
  }

  it('of an integer of many digits is whole', async () => {
    await repl.run('value = 7 ** 300_000');
    const value = await repl.read('value', 0, 10);
    assert.deepStrictEqual([value?.incomplete, value?.text.slice(0, 2)], [null, '0x']);
  });

  it('is cut in pages', async () => {
    const page = await repl.read('big', 4_999_990, 100);
    assert.deepStrictEqual([page?.text.length, page?.totalChars], [10, 5_000_000]);
  });

  it('is what FINAL records, or an error', async () => {
    assert.equal((await repl.run('FINAL(Point(1, 2))')).finalAnswer, 'Point(x=1, y=2)');
    assert.equal((await repl.run('FINAL({"a": (1,)})')).finalAnswer, "{'a': (1,)}");
    const raised = await repl.run('FINAL(Hostile())');
    assert.deepStrictEqual([raised.finalAnswer, raised.error?.type], [null, 'RuntimeError']);
    const slow = await repl.run('FINAL(Slow())', { timeoutMs: 300 });
    assert.deepStrictEqual(
      [slow.finalAnswer, slow.interruption, slow.stateLost],
      [null, 'timeout', false],
    );
  });
});
