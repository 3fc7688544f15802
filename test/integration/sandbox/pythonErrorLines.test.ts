// Errors are told with the line of the code that failed, in the step that failed.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

/** Code, the error's type, and its line. */
type Row = readonly [code: string, type: string, line: number | null];

const rows: readonly Row[] = [
  // Code that cannot be read
  ['a = 1\nb = ', 'SyntaxError', 2],
  ['\nif True', 'SyntaxError', 2],
  ['\nif True:\n', 'IndentationError', 2],
  ['\nx = 1\n  y = 2', 'IndentationError', 3],
  ['def f():\n    a = 1\n  b = 2', 'IndentationError', 3],
  ['if True:\n\ta = 1\n        b = 2', 'TabError', 3],
  ['\n"unterminated', 'SyntaxError', 2],
  ['\n\n"""unterminated\n\n', 'SyntaxError', 3],
  ['\nx = (1,\n  2', 'SyntaxError', 2],
  ['\nx = 1)', 'SyntaxError', 2],
  ['\n\nreturn 5', 'SyntaxError', 3],
  ['\nbreak', 'SyntaxError', 2],
  ['def f():\n    await g()', 'SyntaxError', 2],
  ['\nf"{1 +}"', 'SyntaxError', 2],
  ['\nf"{(}"', 'SyntaxError', 2],
  ['x = 1\ndef f():\n    global x\n    nonlocal x', 'SyntaxError', 3],
  ['\nNone = 1', 'SyntaxError', 2],
  ['\nprint 1', 'SyntaxError', 2],
  ['\nfrom x import *, y', 'SyntaxError', 2],
  ['\nx = 1 if 2', 'SyntaxError', 2],
  ['\n\n# é\ny = $', 'SyntaxError', 4],
  ['a = 1\r\nb = )', 'SyntaxError', 2],
  ['\nx = 0777', 'SyntaxError', 2],
  ['def f(a, a):\n    pass', 'SyntaxError', 1],
  ['\nx = "\\N{nothing}"', 'SyntaxError', 2],
  ['\nmatch 1:\n    case a: pass\n    case b: pass', 'SyntaxError', 3],
  ['a = 1\r\n\r"\ud83d"', 'SyntaxError', 3],
  ['# \udc00', 'SyntaxError', 1],
  // At the top level
  ['\n1 / 0', 'ZeroDivisionError', 2],
  ['\n\nmissing', 'NameError', 3],
  ['q = 1\nr = None.x', 'AttributeError', 2],
  ['\na, b = 1', 'TypeError', 2],
  ['\na, b = 1, 2, 3', 'ValueError', 2],
  ['print(1)\nfor x in 5: pass', 'TypeError', 2],
  ['print(1)\nif None.x: pass', 'AttributeError', 2],
  ['print(1)\nwhile None.x: pass', 'AttributeError', 2],
  ['print(1)\nwith 5: pass', 'TypeError', 2],
  ['print(1)\nmatch None.x:\n    case _: pass', 'AttributeError', 2],
  ['print(1)\nclass A(None.x): pass', 'AttributeError', 2],
  ['print(1)\nf"{None.x}"', 'AttributeError', 2],
  ['print(1)\ndel nothing', 'NameError', 2],
  ['print(1)\nassert 1 == 2, "no"', 'AssertionError', 2],
  ['print(1)\nimport nothing_here', 'ModuleNotFoundError', 2],
  ['print(1)\nfrom math import nothing', 'ImportError', 2],
  ['\r\n\r\n1 / 0', 'ZeroDivisionError', 3],
  ['# é 😀\n"""é\n😀"""; 1 / 0', 'ZeroDivisionError', 3],
  ['\f\n1 / 0', 'ZeroDivisionError', 2],
  // Over several lines
  ['q = {\n "a": 1,\n "b": None.x\n}', 'AttributeError', 3],
  ['q = [\n 1,\n None.x\n]', 'AttributeError', 3],
  ['print(\n 1,\n None.x)', 'AttributeError', 3],
  ['q = \\\n missing', 'NameError', 2],
  ['q = (None.x\n if True else\n 1)', 'AttributeError', 1],
  ['q = (1\n if False else\n None.x)', 'AttributeError', 3],
  ['q = (True and\n None.x)', 'AttributeError', 2],
  ['q = (1 +\n None.x)', 'AttributeError', 2],
  ['for x in (\n None.x): pass', 'AttributeError', 2],
  ['list(map(lambda x:\n x.y, [1]))', 'AttributeError', 2],
  ['f"""a{\n None.x}"""', 'AttributeError', 2],
  ['("a"\n .upper()\n .nothing())', 'AttributeError', 3],
  ['int(\n "x"\n)', 'ValueError', 1],
  // Comprehensions, decorators, generators, classes
  ['[x\n for x in [1]\n if x.y]', 'AttributeError', 3],
  ['{x:\n x.y for x in [1]}', 'AttributeError', 2],
  ['list(x.y\n for x in [1])', 'AttributeError', 1],
  ['\n@missing\ndef f(): pass', 'NameError', 2],
  ['def d(f):\n    1 / 0\n\n@d\ndef f(): pass', 'ZeroDivisionError', 2],
  ['def g():\n    yield 1\n    1 / 0\nlist(g())', 'ZeroDivisionError', 3],
  ['def g():\n    yield from (\n        1 / 0 for _ in [1])\nlist(g())', 'ZeroDivisionError', 3],
  ['class A:\n    x = 1\n    y = missing', 'NameError', 3],
  [
    'class A:\n    @property\n    def p(self):\n        return 1 / 0\nA().p',
    'ZeroDivisionError',
    4,
  ],
  ['class A:\n    def __init__(self):\n        None.x\nA()', 'AttributeError', 3],
  ['class A:\n    def __repr__(self):\n        return 1 / 0\n\nA()', 'ZeroDivisionError', 3],
  [
    'class A:\n    def __enter__(self): pass\n    def __exit__(self, *_):\n        1 / 0\nwith A(): pass',
    'ZeroDivisionError',
    4,
  ],
  ['import functools\n@functools.cache\ndef f():\n    return 1 / 0\nf()', 'ZeroDivisionError', 4],
  ['def f(a): pass\n\nf()', 'TypeError', 3],
  ['def f():\n    return 1 / 0\n\nf()', 'ZeroDivisionError', 2],
  ['import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\n\nP()', 'TypeError', 6],
  ['sorted([1, 2], key=lambda a:\n a.b)', 'AttributeError', 2],
  ['import re\nre.sub("b", lambda m:\n m.x, "abc")', 'AttributeError', 3],
  ['\nimport re\nre.compile("(")', 'PatternError', 3],
  ['\nimport json\njson.loads("{")', 'JSONDecodeError', 3],
  ['def deep(n):\n    return deep(n - 1) if n else 1 / 0\ndeep(300)', 'ZeroDivisionError', 2],
  ['def again():\n    again()\n\nagain()', 'RecursionError', 2],
  ['\nFINAL(None)', 'TypeError', 2],
  ['\nFINAL_VAR("no")', 'NameError', 2],
  ['\ngrep("(")', 'PatternError', 2],
  ['\nllm_query(None)', 'TypeError', 2],
  // Code made of text
  ['\nexec("\\n\\n\\n1 / 0")', 'ZeroDivisionError', 2],
  ['\neval(")")', 'SyntaxError', 2],
  ['\nexec(compile("\\n1 / 0", "<step 9>x", "exec"))', 'ZeroDivisionError', 2],
  ['\nimport ast\nast.parse("\\n\\n\\n\\nx = ")', 'SyntaxError', 3],
  ['exec("def made():\\n\\n\\n 1 / 0")\n\nmade()', 'ZeroDivisionError', 3],
  // Asynchronous
  [
    'import asyncio\nasync def h():\n    await asyncio.sleep(0)\n    1 / 0\nawait h()',
    'ZeroDivisionError',
    4,
  ],
  ['async def h():\n    1 / 0\n\nawait h()', 'ZeroDivisionError', 2],
  ['import asyncio\nasync def h():\n    1 / 0\nasyncio.run(h())', 'ZeroDivisionError', 3],
  [
    'import asyncio\nasync def h():\n    await asyncio.sleep(0)\n    1 / 0\nawait asyncio.gather(h(), h())',
    'ZeroDivisionError',
    4,
  ],
  ['async def g():\n    yield 1\n    1 / 0\nasync for _ in g(): pass', 'ZeroDivisionError', 3],
  ['\nawait 5', 'TypeError', 2],
  ['import asyncio\n\nawait asyncio.Event().wait()', 'RuntimeError', 3],
  // What is raised
  ['\nraise 5', 'TypeError', 2],
  ['\nraise ValueError', 'ValueError', 2],
  ['\nraise SystemExit(1)', 'SystemExit', 2],
  ['\nimport sys\nsys.exit()', 'SystemExit', 3],
  ['\nraise KeyboardInterrupt', 'KeyboardInterrupt', 2],
  ['\nraise SyntaxError("own")', 'SyntaxError', 2],
  ['\nraise SyntaxError("own", ("<step 9>", 77, 1, ""))', 'SyntaxError', 2],
  ['made = ValueError("x")\n\nraise made', 'ValueError', 3],
  ['try:\n    1 / 0\nexcept Exception as again:\n    raise again', 'ZeroDivisionError', 2],
  ['try:\n    1 / 0\nexcept Exception:\n    raise', 'ZeroDivisionError', 2],
  [
    'try:\n    1 / 0\nexcept Exception as error:\n    raise KeyError("k") from error',
    'KeyError',
    4,
  ],
  ['try:\n    1 / 0\nexcept Exception:\n    missing', 'NameError', 4],
  ['try:\n    1 / 0\nfinally:\n    missing', 'NameError', 4],
  ['\nraise ExceptionGroup("g", [ValueError(1)])', 'ExceptionGroup', 2],
  [
    'try:\n    raise ExceptionGroup("g", [ValueError(1), KeyError(2)])\nexcept* KeyError:\n    pass',
    'ExceptionGroup',
    2,
  ],
  ['class Own(Exception): pass\n\nraise Own("x")', 'Own', 3],
  [
    'def fail():\n    raise ValueError\ntry: fail()\nexcept ValueError as e:\n    kept = e\nraise kept',
    'ValueError',
    2,
  ],
  ['\nraise ValueError("x").with_traceback(None)', 'ValueError', 2],
];

describePython('The line of an error, in Python', (backend) => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes);
    await repl.run('def earlier():\n\n    1 / 0\n\nold = ValueError("old")');
    await repl.run('async def waits():\n    await __import__("asyncio").sleep(0)\n    1 / 0');
    await repl.run('def gives():\n    yield 1\n    1 / 0\nopened = gives()\nnext(opened)');
    await repl.run('def recurses(n):\n    return recurses(n - 1) if n else 1 / 0');
    await repl.run('try:\n    1 / 0\nexcept Exception as error:\n    caught = error');
  });
  after(() => sandboxes.dispose());

  for (const [code, type, line] of rows) {
    if (backend !== 'wasm' && code.includes('Event().wait()')) {
      continue; // only an event loop without a system below it sees a deadlock
    }
    it(`of ${JSON.stringify(code)} is ${line}`, async () => {
      const { error } = await repl.run(code);
      // Of Python before 3.13.
      const told = error?.type === 'error' && type === 'PatternError' ? type : error?.type;
      assert.deepStrictEqual([told, error?.line], [type, line], error?.traceback);
    });
  }

  const elsewhere: readonly Row[] = [
    ['\nearlier()', '<step 1>", line 3', 2],
    ['\n\nawait waits()', '<step 2>", line 3', 3],
    ['\nlist(opened)', '<step 3>", line 3', 2],
    ['\n\nrecurses(20)', '<step 4>", line 2', 3],
    ['\nraise old', 'line 2', 2],
    ['\n\nraise caught', '<step 5>", line 2', 3],
    ['\ntry: earlier()\nexcept Exception as e:\n    raise KeyError from e', '<step 1>", line 3', 4],
  ];
  for (const [code, place, line] of elsewhere) {
    it(`that came in an earlier step is that of the call, and the step is named: ${JSON.stringify(code)}`, async () => {
      const { error } = await repl.run(code);
      assert.equal(error?.line, line, error?.traceback);
      assert.ok(error?.traceback.includes(place), error?.traceback);
    });
  }

  const endless: readonly (readonly [code: string, line: number])[] = [
    ['\nwhile True:\n    1', 2],
    ['def spin():\n    while True: pass\nspin()', 2],
    ['async def spin():\n    while True: pass\nawait spin()', 2],
    ['\nimport time\ntime.sleep(1e6)', 3],
    ['import asyncio\n\nawait asyncio.sleep(1e6)', 3],
    ['\nimport re\nre.match("(a+)+$", "a" * 40 + "b")', 3],
    ['import asyncio\nasync def h():\n    await asyncio.sleep(1e6)\n\nawait h()', 3],
    ['import asyncio\n\n\nawait asyncio.gather(asyncio.sleep(1e6))', 4],
    ['\nsum(1 for x in iter(int, 1))', 2],
  ];
  for (const [code, line] of endless) {
    it(`where code was interrupted is told: ${JSON.stringify(code)}`, async () => {
      const { error, stateLost } = await repl.run(code, {
        timeoutMs: 200,
        onHostCall: (_, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
          }),
      });
      assert.deepStrictEqual([error?.type, error?.line, stateLost], ['TimeoutError', line, false]);
    });
  }
});
