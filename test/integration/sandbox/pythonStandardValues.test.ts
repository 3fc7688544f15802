// A variable that holds a value of the standard library is read, and given as the answer, as Python shows it. No code
// of the session runs for it.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const setUp = `
import array, collections, dataclasses, datetime, decimal, enum, fractions, ipaddress, itertools, pathlib, random, re, statistics
import time, types, urllib.parse, uuid, http
class Colour(enum.Enum): RED = 1
class Flag(enum.Flag): A = 1; B = 2
@dataclasses.dataclass
class Row:
    n: int
    t: str = ""
@dataclasses.dataclass
class Silent:
    n: int
    secret: int = dataclasses.field(default=5, repr=False)
@dataclasses.dataclass(slots=True, frozen=True)
class Slots: n: int
class Third(fractions.Fraction): pass
class Own(fractions.Fraction):
    def __repr__(self): ran.append(1); return "own"
ran = []
Pair = collections.namedtuple("Pair", "a b")
`;

/** Shown as Python shows them. */
const asPython: readonly string[] = [
  'fractions.Fraction(1, 3)',
  'fractions.Fraction(-5)',
  '[fractions.Fraction(1, 3), {"a": uuid.UUID(int=5)}]',
  'Third(1, 2)',
  'decimal.Decimal("1.50")',
  'decimal.Decimal("NaN")',
  'datetime.date(2020, 1, 2)',
  'datetime.datetime(2020, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)',
  'datetime.time(1, 2)',
  'datetime.timedelta(1, 2)',
  'datetime.timezone(datetime.timedelta(hours=1))',
  'uuid.UUID(int=2**127 + 5)',
  'pathlib.Path("/a/b")',
  'pathlib.Path("/a//b/./c/")',
  'pathlib.Path("a", "/b", "c")',
  'pathlib.Path()',
  'pathlib.Path("//x")',
  'pathlib.PurePosixPath("a") / "b"',
  'Colour.RED',
  'Flag.A | Flag.B',
  'http.HTTPStatus.OK',
  'Row(1, "a")',
  'Silent(1)',
  'Slots([1])',
  'dataclasses.make_dataclass("Made", ["x"])({})',
  'collections.Counter("aabc")',
  'collections.deque([1, 2], maxlen=3)',
  'collections.defaultdict(int, a=1)',
  'collections.ChainMap({"a": 1}, {})',
  'collections.UserDict(a=1)',
  'collections.UserList([1])',
  'Pair(1, [2])',
  'urllib.parse.urlparse("http://a/b")',
  'time.gmtime(0)',
  'types.SimpleNamespace(a=[1])',
  'types.MappingProxyType({"a": 1})',
  'slice(1, [2])',
  're.compile("a+", re.I)',
  'statistics.NormalDist(1, 2)',
  'ipaddress.ip_address("1.2.3.4")',
  'ipaddress.ip_address("::1")',
  'ipaddress.ip_address("2001:db8:0:0:1:0:0:1")',
  'ipaddress.ip_network("1.2.3.0/24")',
  'ipaddress.ip_network("fe80::/10")',
  'ipaddress.ip_interface("1.2.3.4/24")',
  'array.array("d", [1, 2])',
  'frozenset([1])',
];

/** By no text that would tell another apart. */
const hidden: readonly string[] = [
  'random.Random(1)',
  'itertools.count(3)',
  '(n for n in [1])',
  'iter([1])',
  're.match("a", "a")',
];

describePython('a value of the standard library', (backend) => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes);
    assert.equal((await repl.run(setUp)).error, null);
  });
  after(() => sandboxes.dispose());

  for (const code of asPython) {
    it(`is read as Python shows it: ${code}`, async () => {
      const { error } = await repl.run(`value = ${code}\nshown = repr(value)`);
      assert.equal(error, null, error?.message);
      const [value, shown] = [await repl.read('value'), await repl.read('shown')];
      assert.deepStrictEqual([value?.text, value?.incomplete], [shown?.text, null]);
    });
  }

  for (const code of hidden) {
    it(`is not said to be whole where it does not show what it holds: ${code}`, async () => {
      await repl.run(`value = ${code}`);
      assert.notEqual((await repl.read('value'))?.incomplete, null);
    });
  }

  it('of a class with a repr of its own is read by its attributes, which runs no code', async () => {
    await repl.run('value = Own(1, 2)');
    assert.match((await repl.read('value'))?.text ?? '', /^<Own .*_numerator=1/u);
    assert.equal(await repl.evaluate('ran'), '[]');
  });

  it('is not told as changed where a path was only asked for something', async () => {
    await repl.run('value = pathlib.Path("/a/b")');
    const { changes } = await repl.run('str(value), hash(value), value.name, value.parent; None');
    assert.deepStrictEqual(changes, []);
  });
});
