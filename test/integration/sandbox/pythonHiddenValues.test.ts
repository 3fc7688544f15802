// Values that Python keeps in types of C code: they are shown, or read as not whole.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const shown: Readonly<Record<string, RegExp>> = {
  'array.array("d", [1.5, 2.5])': /^array\('d', \[1\.5, 2\.5\]\)$/,
  'array.array("w", "abc")': /^array\('w', 'abc'\)$/,
  '[array.array("i")]': /^\[array\('i', \[\]\)\]$/,
  'type("Own", (array.array,), {})("i", [7, 8])': /^Own\('i', \[7, 8\]\)$/,
  'memoryview(b"seen")': /^memoryview\(b'seen'\)$/,
  'datetime.datetime(2020, 1, 2, tzinfo=Zone())':
    /^datetime\.datetime\(2020, 1, 2, 0, 0, tzinfo=<Zone name='own'>\)$/,
  'datetime.time(3, 4, tzinfo=Zone())': /^datetime\.time\(3, 4, tzinfo=<Zone name='own'>\)$/,
  'pathlib.PurePath("a/seen")': /seen/,
  'uuid.UUID(int=77)': /-00000000004d'/,
  'types.MappingProxyType({"a": 1})': /^mappingproxy\(\{'a': 1\}\)$/,
  'fractions.Fraction(77, 3)': /77/,
  'decimal.Decimal("7.7")': /7\.7/,
};
const notWhole = [
  'random.Random(1)',
  'random.Random(1).getrandbits',
  'operator.itemgetter("a")',
  'type("Own", (datetime.datetime,), {})(2020, 1, 2)',
  'type("Own", (decimal.Decimal,), {})("7.7")',
];

describePython('values that Python keeps in types of C code', (backend) => {
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes, { language: 'python' });
    const { error } = await repl.run(
      'import array, datetime, decimal, fractions, operator, pathlib, random, types, uuid\nclass Zone(datetime.tzinfo):\n    def __init__(self): self.name = "own"',
    );
    assert.equal(error, null);
  });
  after(() => sandboxes.dispose());

  const read = async (code: string) => {
    assert.equal((await repl.run(`v = ${code}`)).error, null, code);
    const value = await repl.read('v');
    assert.ok(value, code);
    return value;
  };

  it('are shown where they can be', async () => {
    for (const [code, text] of Object.entries(shown)) {
      if (backend !== 'wasm' && code.includes('"w"')) {
        continue; // of Python 3.13
      }
      const value = await read(code);
      assert.match(value.text, text, code);
      assert.equal(value.incomplete, null, code);
    }
  });

  it('are read as not whole elsewhere', async () => {
    for (const code of notWhole) {
      assert.notEqual((await read(code)).incomplete, null, code);
    }
  });
});
