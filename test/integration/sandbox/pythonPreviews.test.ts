// What a step shows of large values: their beginning, at a cost that does not grow with them.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

describePython('python previews', (backend) => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes, { maxMemoryMb: 1_000 });
    await repl.run('from collections import *\nn = 300_000');
  });
  after(() => sandboxes.dispose());

  /** A value that counts how often one of its items is shown. */
  const counting = 'class Item:\n    shown = 0\n    def __repr__(self):\n        Item.shown += 1\n';
  const item = `${counting}        return "item"\none = Item()\n`;

  const large: Readonly<Record<string, string>> = {
    'a list': '[one] * n',
    'a list of a class of one’s own': 'type("Mine", (list,), {})([one] * n)',
    'a tuple': '(one,) * n',
    'a deque': 'deque([one] * n)',
    'a mapping': 'dict.fromkeys(range(n), one)',
    'a mapping with defaults': 'defaultdict(int, dict.fromkeys(range(n), one))',
    'an ordered mapping': 'OrderedDict(dict.fromkeys(range(n), one))',
    'a set': '{Item() for _ in range(n)}',
    'the keys of a mapping': 'dict.fromkeys(Item() for _ in range(n)).keys()',
    'lists within a list': '[[one] * n] * 3',
  };
  for (const [name, code] of Object.entries(large)) {
    it(`look at little of ${name}, as a variable and as a result`, async () => {
      await repl.run(item);
      const { error, changes } = await repl.run(`big = ${code}`);
      assert.equal(error, null);
      assert.match(changes.find((change) => change.name === 'big')?.preview ?? '', /<Item>/u);
      await repl.run('len(big)');
      const shown = await repl.run('big', { maxOutputChars: 1_000 });
      assert.match(shown.result ?? '', /^.{0,100}(?:item|<Item>), |^.{0,100}: (?:item|<Item>)/u);
      assert.ok((shown.result ?? '').length <= 1_000);
      const count = Number(await repl.evaluate('Item.shown'));
      assert.ok(count < 1_000, `${count} items shown`);
      await repl.run('del big, one');
    });
  }

  it('show bytes and texts cut, with their length', async () => {
    const { changes } = await repl.run('raw = bytes(n)\ntext = "ä" * n');
    assert.deepStrictEqual(
      changes.map(({ name, size, preview }) => [name, size, preview.length, preview.slice(0, 6)]),
      [
        ['raw', 300_000, 200, "b'\\x00"],
        ['text', 300_000, 200, "'ääääää".slice(0, 6)],
      ],
    );
    const { result } = await repl.run('[raw, text]', { maxOutputChars: 500 });
    assert.match(result ?? '', /^\[b'\\x00/u);
  });

  it('are Python’s own of what is short', async () => {
    const values = [
      '[1, "a", None, (1,), (), [], {}, set(), frozenset(), {1}, {"a": [1.5]}]',
      '[frozenset({1}), b"x", bytearray(b"y"), deque([1], 3), OrderedDict(a=1), Counter("aab")]',
      'defaultdict(list, {"a": [1]}), {"a": 1}.keys(), {"a": 1}.items(), range(3), "it\'s"',
      '[[[[[[[1, [2, {3: (4,)}]]]]]]]]',
      '[type("Mine", (set,), {})([1])], type("Mine", (frozenset,), {})([1]), type("M", (dict,), {})(a=1)',
      'type("Mine", (list,), {})([1, 2]), type("Other", (dict,), {"__repr__": lambda s: "own"})()',
    ];
    for (const value of values) {
      const { stdout, result } = await repl.run(`print(repr((${value},)), end="")\n(${value},)`);
      assert.equal(result, stdout);
    }
    const cycle = await repl.run('loop = [1]\nloop.append(loop)\nprint(repr(loop), end="")\nloop');
    assert.equal(cycle.result, cycle.stdout);
  });

  it('survive types with comparisons of their own', async () => {
    const { error, changes } = await repl.run(
      'class Meta(type):\n    def __eq__(self, other): raise ValueError("no")\n' +
        'class Odd(list, metaclass=Meta): pass\nodd = Odd([1, 2])\nodd',
    );
    assert.equal(error, null);
    assert.deepStrictEqual(
      changes.filter(({ name }) => name === 'odd').map(({ size, preview }) => [size, preview]),
      [[2, '[1, 2]']],
    );
  });

  it('of sets are the same in every session', async () => {
    const code = '{"alpha", "beta", "gamma", "delta"}, hash("alpha")';
    const other = await Repl.open(sandboxes);
    assert.equal(await other.evaluate(code), await repl.evaluate(code));
  });
});
