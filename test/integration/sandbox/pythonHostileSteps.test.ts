// A step leaves the next one usable: after each hostile line the output, the list of variables, errors with their
// line, the functions of the REPL and reading are as they always are; or the session says that it lost its state.
// Longer than usual: a table, one row a hostile line.

import assert from 'node:assert/strict';
import type { HostCall } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, itIn } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const memory = 'import gc\nheld = []\nsize = 2 ** 26\nwhile size:\n';

const fillsStack = 'frames fill the memory';
const closesFiles = 'files are open and closed';
const rows: Readonly<Record<string, string>> = {
  // Names of modules
  'types.CodeType is gone':
    'import types\ntypes.CodeType = types.FunctionType = types.ModuleType = None',
  'sys.modules is gone': 'import sys\nsys.modules = None',
  'sys.modules is empty': 'import sys\nsys.modules.clear()',
  'sys.path and the finders are gone':
    'import sys\nsys.path = sys.path_hooks = None\nsys.meta_path.clear()\nsys.path_importer_cache.clear()',
  'sys.stdout is nothing': 'import sys\nsys.stdout = sys.stderr = sys.__stdout__ = None',
  'the stream writes nowhere':
    'import sys\nsys.stdout.write = lambda *_: 0\nsys.stderr.write = lambda *_: 0',
  'the class of the stream writes nowhere':
    'import sys\ntype(sys.stdout).write = lambda *_: 0\ntype(sys.stdout).__init__ = lambda *_: 1 / 0',
  'the stream is closed': 'import sys\nsys.stdout.close()\nsys.stderr.close()',
  'the stream has other attributes':
    'import sys\nfor name in ("room", "parts", "dropped", "encoding"): setattr(sys.stdout, name, None)',
  ...Object.fromEntries(
    [
      'io',
      'json',
      'json.encoder',
      'json.decoder',
      'traceback',
      'ast',
      'linecache',
      'types',
      'reprlib',
      'operator',
      'collections',
      'itertools',
      'os',
      'signal',
      'time',
      'gc',
      're',
      'codecs',
      'importlib',
      'builtins',
      'textwrap',
      'tokenize',
      'contextlib',
      'warnings',
      'keyword',
      'bisect',
      'heapq',
      'math',
      '_io',
      '_json',
      '_ast',
      'functools',
      'sys',
    ].map((name) => [
      `all that ${name} has is nothing`,
      `import ${name} as module\nfor name in list(vars(module)):\n    if not name.startswith("__") and name != "modules":\n` +
        '        try: setattr(module, name, None)\n        except Exception: pass',
    ]),
  ),
  // Classes and builtins
  'builtins are replaced':
    'import builtins\nfor name in list(vars(builtins)): setattr(builtins, name, None)',
  'builtins are deleted': 'import builtins\nvars(builtins).clear()',
  'builtins have more': 'import builtins\nbuiltins.extra = 1',
  'builtins lie':
    'import builtins\nbuiltins.len = lambda *_: 0\nbuiltins.isinstance = lambda *_: True\nbuiltins.type = lambda *_: int\n' +
    'builtins.sorted = builtins.list = builtins.tuple = builtins.dict = lambda *_: []\nbuiltins.print = lambda *_, **__: None',
  '__builtins__ is nothing': '__builtins__ = None',
  'nodes of the syntax tree refuse':
    'import ast\ndef fail(*_): raise ValueError\nfor kind in (ast.Expr, ast.Assign, ast.Name, ast.Store):\n' +
    '    kind.__init__ = kind.__new__ = kind.__setattr__ = fail',
  'names compare and hash in their own way':
    'class Name(str):\n    def __eq__(self, other): raise ValueError\n    def __hash__(self): return hash("print")\n' +
    'globals()[Name("x")] = 1',
  'names are no texts': 'globals().update({1: 2, None: 3, (1,): 4})',
  'values have no attributes':
    'class Value:\n    def __getattribute__(self, name): raise ValueError(name)\n' +
    '    def __eq__(self, other): raise ValueError\n    __hash__ = None\nvalue = Value()\nvalues = [value]',
  'values refuse to be shown':
    'class Value:\n    def __repr__(self): raise SystemExit\n    __str__ = __len__ = __iter__ = __repr__\nvalue = Value()',
  'classes refuse their name':
    'class Meta(type):\n    @property\n    def __name__(cls): raise ValueError\n    @property\n' +
    '    def __mro__(cls): raise ValueError\n    @property\n    def __dict__(cls): raise ValueError\n' +
    '    def __eq__(cls, other): raise ValueError\n    __hash__ = None\n' +
    'class Value(metaclass=Meta): pass\nvalue = Value()\nkinds = [Value]',
  'an error refuses to be told':
    'class Meta(type):\n    @property\n    def __name__(cls): raise ValueError\n' +
    'class Bad(Exception, metaclass=Meta):\n    def __str__(self): raise Bad\n    __repr__ = __str__\n' +
    '    @property\n    def __traceback__(self): raise ValueError\n    @property\n    def __cause__(self): raise ValueError\nraise Bad',
  'a class is removed of its parts while it is shown':
    'class A: pass\na = A()\nA.__repr__ = lambda s: A.__dict__.clear()',
  // Hooks
  'a trace function raises': 'import sys\ndef fail(*_): raise ValueError\nsys.settrace(fail)',
  'a profile function raises': 'import sys\ndef fail(*_): raise ValueError\nsys.setprofile(fail)',
  'a profile function exits': 'import sys\ndef fail(*_): raise SystemExit\nsys.setprofile(fail)',
  'a monitor raises':
    'import sys\ntool = sys.monitoring\ntool.use_tool_id(3, "x")\nfor event in (tool.events.PY_START, tool.events.PY_RETURN):\n' +
    '    tool.register_callback(3, event, lambda *_: 1 / 0)\ntool.set_events(3, tool.events.PY_START | tool.events.PY_RETURN)',
  'collections of garbage raise':
    'import gc\ngc.callbacks.append(lambda *_: 1 / 0)\ngc.set_threshold(1)',
  'garbage is kept': 'import gc\ngc.set_debug(gc.DEBUG_SAVEALL)\ngc.disable()\ngc.freeze()',
  'finalisers raise':
    'class A:\n    def __del__(self): raise SystemExit\na = A()\nfor _ in range(9): A()',
  'the hooks of sys raise':
    'import sys\ndef fail(*_): raise SystemExit\n' +
    'sys.excepthook = sys.displayhook = sys.unraisablehook = sys.breakpointhook = fail',
  'there are hooks of threads and exits':
    'import threading, atexit\nthreading.settrace(print)\nthreading.setprofile(print)\nthreading.excepthook = None\n' +
    'atexit.register(lambda: 1 / 0)',
  'recursion ends at once': 'import sys\nsys.setrecursionlimit(60)',
  'recursion ends never': 'import sys\nsys.setrecursionlimit(10 ** 8)',
  'signals are ignored': 'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)',
  'signals write to the device':
    'import signal, os, fcntl\ntry:\n    os.set_blocking(3, False)\n    signal.set_wakeup_fd(3)\n    signal.raise_signal(2)\nexcept BaseException: pass',
  'signals are blocked': 'import signal\ngetattr(signal, "pthread_sigmask", lambda *_: 0)(0, [2])',
  'warnings are errors': 'import warnings\nwarnings.simplefilter("error")',
  'texts are decoded by other functions':
    'import codecs\nfor name in ("strict", "surrogatepass", "ignore"): codecs.register_error(name, lambda e: 1 / 0)',
  'digits are few': 'import sys\nsys.set_int_max_str_digits(640)',
  'the locale and the folder are others': 'import os\nos.chdir("/tmp")\nos.environ.clear()',
  // The runner's own
  'functions of the REPL do other things':
    'def other(*_): return None\nfor name in ("llm_query", "grep", "FINAL", "SHOW_VARS"):\n' +
    '    function = globals()[name]\n    function.__defaults__ = function.__kwdefaults__ = None\n' +
    '    if not function.__code__.co_freevars: function.__code__ = other.__code__',
  'what functions close over is nothing':
    'for function in (llm_query, FINAL, SHOW_VARS, SUBMIT, budget):\n    for cell in function.__closure__ or (): cell.cell_contents = None',
  'the namespaces of functions are empty':
    'for function in (llm_query, grep, FINAL, SHOW_VARS): function.__globals__.clear()',
  'the builtins of functions are empty': 'llm_query.__builtins__.clear()',
  'frames have other names':
    'import sys\nframe = sys._getframe()\nwhile frame.f_back:\n    frame = frame.f_back\n' +
    '    for name in list(frame.f_locals):\n        if name in ("out", "names", "variables", "run", "restore", "offered", "write", "failures"):\n' +
    '            frame.f_locals[name] = None\ndel frame',
  'spans are other things':
    'spans = grep("two")\nkind = type(spans[0])\nfor name in ("__init__", "__repr__", "start", "text"): setattr(kind, name, None)',
  'the names of the REPL are taken':
    'print = grep = llm_query = FINAL = FINAL_VAR = SHOW_VARS = budget = None',
  'the module is another':
    'import sys, types\nsys.modules["__main__"] = types.ModuleType("other")\n__name__ = "x"',
  'the file system is taken away':
    'import os, shutil\nfor folder in ("/rlm", "/tmp", "/work", "/home", "/lib"):\n    shutil.rmtree(folder, ignore_errors=True)',
  [closesFiles]: 'import os\nos.closerange(4, 200)\nfor fd in (0, 1, 2): os.close(fd)',
  // Memory
  'large values fill the memory': `${memory}    try: held.append(bytearray(size))\n    except MemoryError: size //= 2`,
  'small values fill the memory': 'held = []\nwhile True: held.append([])',
  'a mapping fills the memory': 'held = {}\nwhile True: held[len(held)] = str(len(held)) * 9',
  'texts of many sizes fill the memory': `${memory}    try: held.append("x" * size)\n    except MemoryError: size //= 2`,
  'tuples in tuples fill the memory': 'held = ()\nwhile True: held = (held, [0] * 1000)',
  [fillsStack]:
    'import sys\nsys.setrecursionlimit(10 ** 6)\nheld = []\ndef again(n):\n    held.append("x" * n)\n' +
    '    try: again(n + 50)\n    except (RecursionError, MemoryError): pass\nwhile True: again(1)',
  'the last byte is taken, and no error goes on':
    'held = []\nfor size in (2 ** 20, 2 ** 16, 2 ** 12, 2 ** 8, 64, 16):\n    while True:\n' +
    '        try: held.append(bytes(size))\n        except MemoryError: break\n' +
    'for _ in range(100):\n    try: held.append([held])\n    except MemoryError: pass',
  'classes fill the memory': 'held = []\nwhile True: held.append(type("A", (), {}))',
  'functions fill the memory':
    'held = None\ndef wrap(inner): return lambda: inner\nwhile True: held = wrap(held)',
};

describePython('after a hostile step in python', (backend) => {
  let sandboxes: SandboxProcess;

  before(() => {
    sandboxes = createSandboxes(backend);
  });
  after(() => sandboxes.dispose());

  for (const [name, code] of Object.entries(rows)) {
    if (backend !== 'wasm' && [closesFiles, fillsStack].includes(name)) {
      continue; // both may end a native interpreter: see below
    }
    it(`the next ones work where ${name}`, async () => {
      const repl = await Repl.open(sandboxes, { context: 'one two', maxMemoryMb: 64 });
      await repl.run('kept = [1, 2]');
      const hostile = await repl.run(code, { timeoutMs: 15_000 });
      assert.ok(!hostile.stateLost, hostile.error?.message);
      await checkUsable(repl);
      repl.sandbox.dispose();
    });
  }

  itIn(['local', 'container'], backend)(
    'a session goes on that closed its way to the host',
    async () => {
      const repl = await Repl.open(sandboxes, { context: 'one two', maxMemoryMb: 64 });
      const hostile = await repl.run('import os\nos.closerange(0, 1000)');
      assert.deepStrictEqual([hostile.error?.type, hostile.stateLost], ['SandboxCrash', true]);
      await repl.run('kept = [1, 2]');
      await checkUsable(repl);
      repl.sandbox.dispose();
    },
  );
});

const onHostCall = async (call: HostCall): Promise<unknown> => `answer to ${call.name}`;

async function checkUsable(repl: Repl): Promise<void> {
  await repl.run('for name in ("print", "grep", "llm_query", "FINAL"): globals().pop(name, None)');
  const first = await repl.run('print("said")\nfresh = {"a": 1}\nkept.append(3)\nkept');
  assert.deepStrictEqual(
    [first.error?.traceback, first.stdout, first.result, first.stateLost],
    [undefined, 'said\n', '[1, 2, 3]', false],
  );
  assert.deepStrictEqual(
    first.changes
      .filter((change) => ['fresh', 'kept'].includes(change.name))
      .map(({ change, name, preview }) => [change, name, preview]),
    [
      ['added', 'fresh', "{'a': 1}"],
      ['changed', 'kept', '[1, 2, 3]'],
    ],
  );
  assert.ok(['fresh', 'kept'].every((variable) => first.variables.includes(variable)));
  const failed = await repl.run(
    'import sys\nprint("err", file=sys.stderr)\nraise ValueError("probe")',
  );
  assert.deepStrictEqual(
    [failed.stderr, failed.error?.type, failed.error?.message, failed.error?.line],
    ['err\n', 'ValueError', 'probe', 3],
  );
  assert.match(failed.error?.traceback ?? '', /line 3[\s\S]*ValueError: probe/u);
  const asked = await repl.run(
    'FINAL("done")\n[span.start for span in grep("two")], llm_query("a")',
    {
      onHostCall,
    },
  );
  assert.deepStrictEqual(
    [asked.error?.traceback, asked.result, asked.finalAnswer],
    [undefined, "([4], 'answer to llm_query')", 'done'],
  );
  const imported = await repl.evaluate('import colorsys\ncolorsys.rgb_to_hsv(0, 0, 0)');
  assert.equal(imported, '(0.0, 0.0, 0)');
  assert.equal((await repl.read('kept'))?.text, '[1, 2, 3]');
  const looping = await repl.run('while True: pass', { timeoutMs: 100 });
  assert.deepStrictEqual([looping.interruption, looping.stateLost], ['timeout', false]);
  assert.equal(await repl.evaluate('kept'), '[1, 2, 3]');
}
