// Known attacks on Python sandboxes: ways out by foreign-function interfaces, the system, files and
// the network; endless code; memory, file and output bombs; and code that breaks its own interpreter.
// Longer than usual: a table, one row an attack.

import { type Attack, attacks, describeAttacks } from '../../support/attack';

/** What a frame to the host looks like when code writes it itself. */
const forge = (message: string): string =>
  `import os, json\ndevice = os.open("/dev/rlm", os.O_RDWR)\nos.write(device, json.dumps(${message}).encode())\n`;

const waysOut: readonly Attack[] = [
  ...attacks(
    {
      'P1 reads the version of the process': 'import js\njs.process.version',
      'P2 reads a host file by a built-in module':
        'import js\njs.process.getBuiltinModule("fs").readFileSync("{secretFile}", "utf8")',
      'P3 fetches by JavaScript': 'import js\njs.fetch("http://127.0.0.1:{port}/")',
      'P4 evaluates JavaScript': 'import js\njs.eval("typeof process")',
      'P5 runs JavaScript by pyodide': 'from pyodide.code import run_js\nrun_js("process.version")',
      'P6 mounts the host’s files': 'import pyodide_js\npyodide_js.mountNodeFS("/host", "/etc")',
      'P7 climbs from a converted value':
        'from pyodide.ffi import to_js\nto_js([1]).constructor.constructor("return process")()',
      'P8 climbs to a dynamic import':
        'from pyodide.ffi import to_js\nto_js([1]).constructor.constructor("return import(\'node:fs\')")()',
      'P9 climbs from a proxy':
        'from pyodide.ffi import create_proxy\ncreate_proxy(lambda: 1).constructor.constructor("return process")()',
      'P10 pollutes the host’s prototypes':
        'from pyodide.ffi import to_js, create_proxy\nto_js([1]).constructor.prototype.push = create_proxy(print)',
      'P11 runs a script by ctypes':
        'import ctypes\nctypes.CDLL(None).emscripten_run_script_string(b"process.version")',
      'P12 calls system by ctypes': 'import ctypes\nctypes.CDLL(None).system(b"id > {marker}")',
      'P21 fetches by pyodide':
        'from pyodide.http import pyfetch, open_url\nopen_url("http://127.0.0.1:{port}/")',
      'P22 installs a package': 'import micropip',
    },
    { ends: 'error', error: 'ModuleNotFoundError' },
  ),
  ...attacks(
    {
      'P13 calls os.system': 'import os\nos.system("id > {marker}") != 0',
      'P24 looks into the runner’s frames': 'import sys\nsys._getframe(1).f_locals is not None',
    },
    { ends: 'value', result: 'True' },
  ),
  ...attacks(
    {
      'P14a opens a pipe to a program': 'import os\nos.popen("id > {marker}")',
      'P14b runs a program': 'import subprocess\nsubprocess.run(["touch", "{marker}"])',
    },
    { ends: 'error', error: 'OSError|PermissionError|BlockingIOError' },
  ),
  {
    name: 'P15a forks',
    code: 'import os\nos.fork()',
    ends: 'error',
    error: 'OSError|PermissionError|AttributeError|BlockingIOError',
  },
  ...attacks(
    {
      'P15b replaces the process': 'import os\nos.execv("/bin/sh", ["sh", "-c", "id > {marker}"])',
      'P15c spawns': 'import os\nos.posix_spawn("/bin/sh", ["sh", "-c", "id > {marker}"], {})',
    },
    { ends: 'error', error: 'OSError|PermissionError|AttributeError' },
  ),
  ...attacks(
    {
      'P16a reads the host’s users': 'open("/etc/passwd").read()',
      'P16b reads the environment by /proc': 'open("/proc/self/environ").read()',
      'P16c reads a file by its host path': 'open("{secretFile}").read()',
    },
    { ends: 'error', error: 'FileNotFoundError' },
  ),
  {
    name: 'P17 writes a file by its host path',
    code: 'import os\nos.makedirs(os.path.dirname("{marker}"), exist_ok=True)\nopen("{marker}", "w").write("x")',
    ends: 'value',
  },
  {
    name: 'P18 looks for secrets in the environment',
    code: 'import os\n[name for name in os.environ if "PLANTED" in name or "TOKEN" in name]',
    ends: 'value',
    result: '[]',
  },
  {
    name: 'P19 connects a socket',
    code: 'import socket\nsocket.create_connection(("127.0.0.1", {port}))',
    ends: 'error',
    error: 'OSError|gaierror',
  },
  {
    name: 'P20 opens an address',
    code: 'import urllib.request\nurllib.request.urlopen("http://127.0.0.1:{port}/")',
    ends: 'error',
    error: 'URLError',
  },
  {
    name: 'P23 looks for proxies of host objects',
    code: 'import gc, sys\n[thing for thing in [*gc.get_objects(), *sys.modules.values(), *sys.meta_path] if "JsProxy" in type(thing).__name__]',
    ends: 'value',
    result: '[]',
    timeoutMs: 5000,
  },
];

const forgeries: readonly Attack[] = [
  {
    name: 'P25a writes a call nobody asked for',
    code: forge('{"kind": "call", "id": "zz", "call": 0, "name": "zz", "args": []}'),
    ends: 'value',
  },
  {
    name: 'P25b sends a call nobody asked for',
    code: `${forge('{"kind": "call", "id": "zz", "call": 0, "name": "zz", "args": []}')}os.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'P26a writes an answer before its own',
    code: `${forge('{"kind": "ran", "id": "zz", "outcome": {}}')}1`,
    ends: 'value',
    result: '1',
  },
  {
    name: 'P26b sends an answer with a wrong id',
    code: `${forge('{"kind": "ran", "id": "zz", "outcome": {}}')}os.read(device, 16)`,
    ends: 'lost',
  },
];

const endless: readonly Attack[] = [
  ...attacks(
    {
      'P27 loops': 'while True: pass',
      'P28 loops and catches exceptions': 'while True:\n    try: x = 1\n    except Exception: pass',
      'P31 sleeps': 'import time\ntime.sleep(30)',
      'P32 backtracks': 'import re\nre.match(r"(a+)+$", "a" * 40 + "b")',
      'P33a raises to a huge power': '10 ** (10 ** 8)',
      'P33b raises by pow': 'for n in range(10 ** 6): pow(3, 10 ** 6 + n)',
      'P35 asks any() of an endless generator': 'any(False for _ in iter(int, 1))',
      'P36 waits for a host that never answers': 'llm_query("slow")',
      'P37 prints without end': 'while True: print("x" * 1000)',
      'P39 loops in a finaliser':
        'class A:\n    def __del__(self):\n        while True: pass\na = A()\ndel a',
      'P40a loops in the text of an error':
        'class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E()',
    },
    { ends: 'timeout' },
  ),
  ...attacks(
    {
      'P29 loops and catches everything':
        'while True:\n    try:\n        while True: pass\n    except BaseException: pass',
      'P30 ignores the interrupt':
        'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass',
      'P34a sums without end in C': 'sum(range(10 ** 11))',
      'P34b takes a maximum without end in C': 'max(range(10 ** 11))',
      'P34c drains an endless iterator in C':
        'from collections import deque\nfrom itertools import repeat\ndeque(repeat(1), maxlen=0)',
    },
    { ends: 'lost' },
  ),
  {
    name: 'P33c writes a huge number',
    code: 'import sys\nsys.set_int_max_str_digits(0)\nstr(7 ** 3_000_000)',
    ends: 'timeout',
    next: [['import sys; sys.set_int_max_str_digits(4300)', null]],
  },
  { name: 'P38 prints five million characters', code: 'print("y" * 5_000_000)', ends: 'value' },
  {
    name: 'P40b hides the class of an error',
    code: 'class E(Exception):\n    @property\n    def __class__(self): raise ValueError("no")\nraise E()',
    ends: 'error',
    error: 'E',
  },
];

const bombs: readonly Attack[] = [
  {
    name: 'P41a makes a huge string',
    code: 'x = "a" * 10 ** 9',
    ends: 'error',
    error: 'MemoryError',
  },
  ...attacks(
    {
      'P41b grows a list': 'x = []\nwhile True: x.append([0] * 10 ** 6)',
      'P41c grows a dict': 'x = {}\nwhile True: x[len(x)] = "a" * 10 ** 5',
      'P41d doubles a string': 'x = "ab"\nwhile True: x += x',
    },
    { ends: 'error', error: 'MemoryError', next: [['x = None', null]], timeoutMs: 10000 },
  ),
  {
    name: 'P42 makes bytes beyond the address space',
    code: 'bytearray(3 * 10 ** 9)',
    ends: 'error',
    error: 'OverflowError|MemoryError',
  },
  {
    name: 'P43 maps memory',
    code: 'import mmap\nmmap.mmap(-1, 10 ** 9)',
    ends: 'error',
    error: 'OSError|MemoryError',
  },
  {
    name: 'P44 writes a gigabyte of files',
    code: 'f = open("/tmp/big", "wb")\nfor _ in range(1000): f.write(b"x" * 10 ** 6)',
    ends: 'error',
    error: 'OSError',
    spoils: true,
    timeoutMs: 10000,
  },
  {
    name: 'P45 fills a pipe',
    code: 'import os\nr, w = os.pipe()\nfor _ in range(300): os.write(w, b"x" * 10 ** 6)',
    ends: 'error',
    error: 'OSError',
    next: [['os.close(r); os.close(w)', null]],
    timeoutMs: 10000,
  },
  {
    name: 'P46 makes a file long',
    code: 'import os\nf = os.open("/tmp/long", os.O_RDWR | os.O_CREAT)\nos.ftruncate(f, 10 ** 9)',
    ends: 'error',
    error: 'OSError',
    next: [['os.close(f)', null]],
  },
  {
    name: 'P47 makes many files',
    code: 'for i in range(200_000): open(f"/tmp/{i}", "w").close()',
    ends: 'error',
    error: 'OSError',
    spoils: true,
    timeoutMs: 20000,
  },
  ...attacks(
    {
      'P48 recurses': 'def f(): f()\nf()',
      'P51 reads deep JSON': 'import json\njson.loads("[" * 100_000)',
    },
    { ends: 'error', error: 'RecursionError' },
  ),
  {
    name: 'P49 recurses without a limit',
    code: 'import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()',
    ends: ['timeout', 'error', 'lost'],
    error: 'RecursionError|MemoryError',
    spoils: true,
  },
  ...attacks(
    {
      'P50a writes a deep list': 'x = []\nfor _ in range(100_000): x = [x]\nlen(repr(x))',
      'P50b pickles a deep list':
        'import pickle\nx = []\nfor _ in range(100_000): x = [x]\npickle.dumps(x)',
    },
    { ends: 'error', error: 'RecursionError', next: [['x = None', null]] },
  ),
  {
    name: 'P50c compiles deep code',
    code: 'compile("-" * 100_000 + "1", "x", "eval")',
    ends: 'error',
    error: 'MemoryError',
  },
  {
    name: 'P52 evaluates nested parentheses',
    code: 'eval("(" * 5000 + ")" * 5000)',
    ends: 'error',
    error: 'SyntaxError',
  },
];

const selfHarm: readonly Attack[] = [
  ...attacks(
    { 'P53a exits': 'import sys\nsys.exit(3)', 'P53b raises an exit': 'raise SystemExit' },
    { ends: 'error', error: 'SystemExit' },
  ),
  ...attacks(
    {
      'P54a exits at once': 'import os\nos._exit(7)',
      'P54b aborts': 'import os\nos.abort()',
      'P54c kills itself': 'import os\nos.kill(os.getpid(), 9)',
      'P54d terminates itself': 'import signal\nsignal.raise_signal(15)',
      'P54e faults': 'import faulthandler\nfaulthandler._sigsegv()',
      'P55 closes every file': 'import os\nos.closerange(0, 100)',
    },
    { ends: 'lost' },
  ),
  {
    name: 'P56 starts a thread',
    code: 'import threading\nthreading.Thread(target=print).start()',
    ends: 'error',
    error: 'RuntimeError',
  },
  { name: 'P57 asks for input', code: 'input()', ends: 'error', error: 'EOFError' },
  {
    name: 'P58 takes the builtins and its functions away',
    code: '__builtins__ = None\nprint = None\nllm_query = None',
    ends: 'value',
    next: [
      ['del print, llm_query\nlen(repr(print)) > 0', 'True'],
      ['llm_query("a")', "'answer to llm_query'"],
    ],
  },
  {
    name: 'P59 prints NUL and half a pair',
    code: 'print("a\\x00b", "\\ud800")',
    ends: 'value',
    stdout: 'a\0b \ud800\n',
  },
  {
    name: 'P60 runs a coroutine',
    code: 'import asyncio\nasync def one(): return 1\nasyncio.run(one())',
    ends: 'value',
    result: '1',
    timeoutMs: 5000,
  },
];

describeAttacks('python: known attacks', 'python', [
  ...waysOut,
  ...forgeries,
  ...endless,
  ...bombs,
  ...selfHarm,
]);
