// Attacks chosen by reading what the Python engine imports and what its glue does with it: the device
// to the host, terminals and devices, the in-memory file system, names and sockets, signals, hooks of
// the interpreter, and what can corrupt or fill it. Longer than usual: a table, one row an attack.

import { type Attack, attacks, describeAttacks } from '../../support/attack';

/** Finds what the runner keeps to itself, the running step's nonce among it. */
const reach = `
import os, json
def cells(function):
    names = function.__code__.co_freevars
    return dict(zip(names, (cell.cell_contents for cell in function.__closure__ or ())))
call = cells(llm_query)["call_host"]
nonce = cells(call)["state"]["id"]
device = os.open("/dev/rlm", os.O_RDWR)
def forge(message): return os.write(device, json.dumps(message).encode())
def ran(text): return {"kind": "ran", "id": nonce, "outcome": {"stdout": text, "stderr": "",
    "dropped": {"stdout": 0, "stderr": 0, "result": 0}, "abridged": [], "result": None, "error": None, "variables": [], "changes": [],
    "finalAnswer": None, "durationMs": 1}}
`;

const device: readonly Attack[] = [
  {
    name: 'answers its step early and goes on without a limit',
    code: `${reach}forge(ran("early"))\nwhile True: pass`,
    ends: 'timeout',
  },
  {
    name: 'answers its step early and ends',
    code: `${reach}forge(ran("early"))\nprint("own")`,
    ends: 'value',
    stdout: 'own\n',
  },
  {
    name: 'answers its step and takes the next one',
    code: `${reach}forge(ran("taken"))\nos.read(device, 16)\nwhile True: pass`,
    ends: 'lost',
  },
  {
    name: 'answers with the nonce but as a load',
    code: `${reach}forge({"kind": "loaded", "id": nonce, "sizes": None})\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'answers with the nonce but as a read',
    code: `${reach}forge({"kind": "value", "id": nonce, "value": None})\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'says it is ready again',
    code: `${reach}forge({"kind": "ready", "detail": "x"})\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'says its engine broke',
    code: `${reach}forge({"kind": "broken", "message": "x"})\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'calls with the nonce by hand',
    code: `${reach}forge({"kind": "call", "id": nonce, "call": 0, "name": "llm_query", "args": ["a", None]})\nsize = int(os.read(device, 16))\njson.loads(os.read(device, size))["value"]`,
    ends: 'value',
    result: "'answer to llm_query'",
  },
  {
    name: 'calls what no helper calls',
    code: `${reach}forge({"kind": "call", "id": nonce, "call": 0, "name": "context.grep", "args": [{"contextIndex": 99, "source": -1, "pattern": "(", "flags": "zz", "maxMatches": 1e99}]})\nsize = int(os.read(device, 16))\njson.loads(os.read(device, size))["error"]["code"]`,
    ends: 'value',
    result: "'INVALID_INPUT'",
  },
  {
    name: 'greps a context that is not there',
    code: `${reach}call("context.grep", {"contextIndex": 99, "source": None, "pattern": "a", "flags": "g", "maxMatches": 1, "unit": "codepoint"})`,
    ends: 'error',
    error: 'HostError',
  },
  {
    name: 'greps with a pattern that does not end',
    code: `${reach}call("context.grep", {"contextIndex": 0, "source": None, "pattern": "(?:k?e?p?t?)*(?:k|ke|kep|kept| by|.|k?)*(?:(?:.+)+)+ZZ", "flags": "g", "maxMatches": 1, "unit": "codepoint"})`,
    ends: ['timeout', 'value', 'error'],
  },
  {
    name: 'sleeps for a negative, an endless and no number',
    code: `${reach}[call("sleep", ms) for ms in (-1, "x", None, [1])]\ncall("sleep", 1e300)`,
    ends: 'timeout',
  },
  {
    name: 'calls by a name of the object prototype',
    code: `${reach}call("__proto__", {"__proto__": {"polluted": 1}})`,
    ends: ['value', 'error'],
  },
  {
    name: 'asks for strings to be filled where no text waits',
    code: `${reach}victim = "x" * 100_000\nrefused = []\nfor at in (0, 24, id(victim), id(victim) + 20, 2 ** 31, 2 ** 32 - 1, 9_999_999_999):\n    try: os.write(device, b"fill %d" % at)\n    except OSError as error: refused.append(error.errno)\nrefused, victim == "x" * 100_000`,
    ends: 'value',
    result: '([28, 28, 28, 28, 28, 28, 28], True)',
  },
  {
    name: 'writes garbage to the device',
    code: `${reach}for junk in (b"", b"x", b"{" * 1000, os.urandom(4096), b"%16d" % 2 ** 50, b"-1" * 8):\n    os.write(device, junk)`,
    ends: 'value',
  },
  {
    name: 'sends garbage',
    code: `${reach}os.write(device, b"%16d" % 2 ** 50)\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'sends bytes that are no text',
    code: `${reach}os.write(device, bytes(range(128, 256)))\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'sends half a message and loops',
    code: `${reach}os.write(device, b'{"kind": "ran", "id": ')\nwhile True: pass`,
    ends: 'timeout',
  },
  {
    name: 'sends keys twice',
    code: `${reach}os.write(device, b'{"kind": "call", "kind": "ran", "id": "a", "id": "b", "outcome": {}}')\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'sends a message of 65 MB',
    code: `${reach}os.write(device, b" " * 65 * 2 ** 20)`,
    ends: 'error',
    error: 'OSError',
  },
  {
    name: 'sends deeply nested arguments',
    code: `${reach}os.write(device, b'{"kind": "call", "id": "%s", "call": 0, "name": "llm_query", "args": [' % nonce.encode() + b"[" * 10 ** 6 + b"]" * 10 ** 6 + b"]}")\nos.read(device, 16)`,
    ends: ['timeout', 'lost', 'value'],
    timeoutMs: 5_000,
    spoils: true,
  },
  {
    name: 'sends more arguments than a call takes',
    code: `${reach}call("llm_query", *range(100))`,
    ends: 'lost',
  },
  {
    name: 'answers with more than the caps',
    code: `${reach}m = ran("x" * 10 ** 6)\nm["outcome"].update(stderr="x" * 10 ** 6, result="x" * 10 ** 6, finalAnswer="x" * 10 ** 6)\nforge(m)\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'answers with a false interruption',
    code: `${reach}m = ran("")\nm["outcome"].update(interruption="timeout", stateLost=True, error={"type": "InternalError", "message": "interrupted", "line": 1, "traceback": ""})\nforge(m)\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'answers with numbers that are none',
    code: `${reach}m = ran("")\nm["outcome"].update(dropped=-1, durationMs=float("nan"))\nforge(m)\nos.read(device, 16)`,
    ends: 'lost',
  },
  {
    name: 'reads the device without having asked',
    code: `${reach}os.read(device, 100)`,
    ends: 'value',
    result: "b''",
  },
  { name: 'closes the device', code: 'import os\nos.close(3)', ends: 'lost' },
  { name: 'puts a terminal in the device’s place', code: 'import os\nos.dup2(1, 3)', ends: 'lost' },
  {
    name: 'closes its standard streams',
    code: 'import os\nfor fd in (0, 1, 2): os.close(fd)\nprint("still")',
    ends: 'value',
    stdout: 'still\n',
    spoils: true,
  },
  { name: 'asks the host without end', code: 'while True: budget()', ends: 'timeout' },
  {
    name: 'sends what JSON has no word for',
    code: 'llm_query("a", float("nan"))',
    ends: 'error',
    error: 'TypeError',
  },
  {
    name: 'sends a prompt of 70 million characters',
    code: 'llm_query("x" * 70_000_000)',
    ends: 'error',
    error: 'ValueError|MemoryError',
  },
  {
    name: 'sends a list that holds itself',
    code: 'x = []\nx.append(x)\nllm_query("a", x)',
    ends: 'error',
    error: 'TypeError',
  },
  {
    name: 'gives an answer of 100 million characters',
    code: 'FINAL("x" * 10 ** 8)',
    ends: 'error',
    error: 'ValueError|MemoryError',
    timeoutMs: 5_000,
  },
  {
    name: 'gives an answer that lies about its length',
    code: 'class S(str):\n    def __len__(self): return 0\n    def __getitem__(self, at): return {}\nFINAL(S("x" * 10 ** 5))\nimport sys\nprint(S("y" * 10 ** 6))\nsys.stdout.write(S("z" * 10 ** 6))',
    ends: 'value',
  },
];

const files: readonly Attack[] = [
  {
    name: 'writes to its terminals without a line’s end',
    code: 'import os\nfor name in ("/dev/tty", "/dev/tty1", "/dev/stdout", "/dev/stderr"):\n    try:\n        with open(name, "wb", 0) as f:\n            for _ in range(20): f.write(b"x" * 10 ** 7)\n    except OSError: pass',
    ends: 'value',
    timeoutMs: 5000,
  },
  {
    name: 'reads its devices',
    code: 'import os\n[len(open(name, "rb", 0).read(100)) for name in ("/dev/null", "/dev/tty", "/dev/stdin", "/dev/urandom")]',
    ends: 'value',
    result: '[0, 0, 0, 100]',
  },
  {
    name: 'opens files by descriptor',
    code: 'open("/proc/self/fd/3")',
    ends: 'error',
    error: 'PermissionError|OSError|FileNotFoundError',
  },
  {
    name: 'lists everything there is',
    code: 'import os\nsorted(os.listdir("/")), any("work/main" in where for where, _, _ in os.walk("/"))',
    ends: 'value',
    result: "(['dev', 'home', 'lib', 'proc', 'rlm', 'tmp', 'work'], False)",
    timeoutMs: 5000,
  },
  {
    name: 'writes far beyond the end of a file',
    code: 'import os\nf = os.open("/tmp/sparse", os.O_RDWR | os.O_CREAT)\nos.pwrite(f, b"x", 2 ** 31 - 1)',
    ends: 'error',
    error: 'OSError',
    next: [['os.close(f)', null]],
  },
  {
    name: 'seeks far and writes',
    code: 'f = open("/tmp/seek", "wb", 0)\nf.seek(2 ** 31 - 1)\nf.write(b"x")',
    ends: 'error',
    error: 'OSError',
    next: [['f.close()', null]],
  },
  {
    name: 'writes around the quota by a mapped file',
    code: 'import os, mmap\nf = os.open("/tmp/mapped", os.O_RDWR | os.O_CREAT)\nos.write(f, b"x" * 10 ** 7)\nm = mmap.mmap(f, 10 ** 7)\nfor _ in range(40):\n    os.ftruncate(f, 0)\n    m.flush()\n    os.ftruncate(f, 0)\nheld = []\nfor i in range(40):\n    held.append(open(f"/tmp/{i}", "wb", 0))\n    held[-1].write(b"y" * 10 ** 7)',
    ends: 'error',
    error: 'OSError',
    timeoutMs: 5000,
    spoils: true,
  },
  {
    name: 'grows a file by its mapping',
    code: 'import mmap\nwith open("/tmp/grow", "w+b") as f:\n    f.write(b"x" * 10 ** 6); f.flush()\n    m = mmap.mmap(f.fileno(), 10 ** 6)\n    m.resize(10 ** 9)',
    ends: 'error',
    error: 'OSError|ValueError|SystemError|MemoryError',
  },
  ...attacks(
    {
      'makes symbolic links of ten megabytes':
        'import os\nfor i in range(1000): os.symlink("a" * 10 ** 7, f"/tmp/link{i}")',
      'makes files with names of ten megabytes': 'open("/tmp/" + "a" * 10 ** 7, "w")',
    },
    { ends: 'error', error: 'OSError' },
  ),
  {
    name: 'makes folders in folders without end',
    code: 'import os\nwhile True:\n    os.mkdir("d" * 200)\n    os.chdir("d" * 200)',
    ends: 'error',
    error: 'OSError',
    next: [['os.chdir("/work")', null]],
  },
  {
    name: 'makes links, folders and pipes without end',
    code: 'import os\nfor i in range(20_000):\n    os.mkdir(f"/tmp/d{i}"); os.symlink("x", f"/tmp/l{i}"); [os.close(fd) for fd in os.pipe()]',
    ends: 'error',
    error: 'OSError',
    timeoutMs: 20000,
    spoils: true,
  },
  {
    name: 'follows links that lead in a circle',
    code: 'import os\nos.symlink("/tmp/b", "/tmp/a"); os.symlink("/tmp/a", "/tmp/b")\nopen("/tmp/a")',
    ends: 'error',
    error: 'OSError',
    next: [['os.remove("/tmp/a"); os.remove("/tmp/b")', null]],
  },
  {
    name: 'opens descriptors without end',
    code: 'import os\nheld = []\nwhile True: held.append(os.dup(1))',
    ends: 'error',
    error: 'OSError',
    next: [['[os.close(fd) for fd in held] and None', null]],
  },
  {
    name: 'gives files names of the object prototype',
    code: 'import os\nfor name in ("__proto__", "constructor", "toString", "hasOwnProperty"):\n    os.mkdir("/tmp/" + name)\n    open(f"/tmp/{name}/__proto__", "w").write("x")\n    os.remove(f"/tmp/{name}/__proto__")',
    ends: ['value', 'error'],
    error: 'OSError',
    spoils: true,
  },
  {
    name: 'gives a file a time beyond all clocks',
    code: 'import os\nopen("/tmp/late", "w").close()\nos.utime("/tmp/late", (2 ** 60, 2 ** 60))\nos.stat("/tmp/late")',
    ends: 'error',
    error: 'OSError',
    next: [['os.remove("/tmp/late")', null]],
  },
  {
    name: 'replaces the standard library by a file of its own',
    code: 'import os\nos.remove("/lib/python313.zip")\nopen("/lib/python313.zip", "wb").write(b"PK")\nimport colorsys',
    ends: 'error',
    error: 'PermissionError',
  },
  {
    name: 'takes the runner’s own files away',
    code: 'import os, shutil\nshutil.rmtree("/rlm")\nshutil.rmtree("/lib", ignore_errors=True)\nimport colorsys',
    ends: 'value',
    next: [
      ['1 + 1', '2'],
      ['llm_query("a")', "'answer to llm_query'"],
    ],
    spoils: true,
    timeoutMs: 5000,
  },
  {
    name: 'calls every system function with odd arguments',
    code: 'import posix\nleave = {"_exit", "abort", "kill", "killpg", "close", "closerange", "dup2", "_inputhook", "register_at_fork", "read", "readv"}\nodd = [(), (0,), (-1,), (2 ** 31 - 1,), ("/tmp",), (b"\\xff",), (0, 0), (-1, -1), ("/tmp", 0), ("/", "/"), (1, b"x"), ("/tmp/q", 2 ** 31 - 1), (0, 0, 0), ("/bin/sh", ["sh"], {}), (["x"],), (2 ** 70,), (3.5,), ("/proc/self/fd/1",), ("__proto__",)]\nfor name in sorted(set(dir(posix)) - leave):\n    run = getattr(posix, name)\n    if callable(run) and not isinstance(run, type):\n        for given in odd:\n            try: run(*given)\n            except Exception: pass',
    ends: 'value',
    timeoutMs: 10000,
    spoils: true,
  },
];

const network: readonly Attack[] = [
  ...attacks(
    {
      'makes a socket': 'import socket\nsocket.socket()',
      'makes a datagram socket and sends':
        'import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port}))',
      listens: 'import socket\nsocket.create_server(("127.0.0.1", 0))',
      'makes a socket of a descriptor': 'import socket\nsocket.socket(fileno=1).send(b"x")',
    },
    { ends: 'error', error: 'OSError' },
  ),
  {
    name: 'resolves a name',
    code: 'import socket\nsocket.getaddrinfo("localhost", 80)',
    ends: 'error',
    error: 'gaierror',
  },
  {
    name: 'resolves names of the object prototype',
    code: 'import socket\nfor name in ("__proto__", "constructor", "toString"):\n    for resolve in (socket.gethostbyname, socket.gethostbyname_ex, lambda n: socket.getaddrinfo(n, 1), socket.getprotobyname, socket.getservbyname):\n        try: resolve(name)\n        except OSError: pass',
    ends: 'value',
  },
  {
    name: 'resolves a name of ten megabytes',
    code: 'import socket\nsocket.getaddrinfo(b"a" * 10 ** 7, 80)',
    ends: 'error',
    error: 'gaierror|OSError|UnicodeError',
  },
  {
    name: 'connects by every client of the library',
    code: 'import asyncio, ftplib, http.client, smtplib, poplib, imaplib, xmlrpc.client\ntries = [lambda: http.client.HTTPConnection("127.0.0.1", {port}, timeout=1).request("GET", "/"), lambda: smtplib.SMTP("127.0.0.1", {port}), lambda: ftplib.FTP().connect("127.0.0.1", {port}), lambda: poplib.POP3("127.0.0.1", {port}), lambda: imaplib.IMAP4("127.0.0.1", {port}), lambda: xmlrpc.client.ServerProxy("http://127.0.0.1:{port}/").x()]\nrefused = 0\nfor attempt in tries:\n    try: attempt()\n    except OSError: refused += 1\nrefused',
    ends: 'value',
    result: '6',
    timeoutMs: 10000,
  },
  {
    name: 'connects by asyncio',
    code: 'import asyncio\nawait asyncio.open_connection("127.0.0.1", {port})',
    ends: 'error',
    timeoutMs: 10000,
  },
  {
    name: 'opens a browser',
    code: 'import webbrowser\nwebbrowser.open("http://127.0.0.1:{port}/")',
    ends: ['value', 'error'],
    timeoutMs: 10000,
  },
];

const hooks: readonly Attack[] = [
  ...attacks(
    {
      'traces with a function that loops':
        'import sys\ndef loop(*_):\n    while True: pass\nsys.settrace(loop)\n(lambda: 1)()',
      'hooks the collection of garbage':
        'import gc\ndef loop(*_):\n    while True: pass\ngc.callbacks.append(loop)\ngc.collect()',
    },
    { ends: 'timeout', spoils: true },
  ),
  ...attacks(
    {
      'traces with a function that raises':
        'import sys\ndef fail(*_): raise ValueError("no")\nsys.settrace(fail)',
      'profiles with a function that raises':
        'import sys\ndef fail(*_): raise ValueError("no")\nsys.setprofile(fail)',
    },
    { ends: ['value', 'error'], spoils: true },
  ),
  ...attacks(
    {
      'monitors with a function that raises':
        'import sys\ntool = sys.monitoring\ntool.use_tool_id(3, "x")\ntool.register_callback(3, tool.events.PY_START, lambda *_: 1 / 0)\ntool.set_events(3, tool.events.PY_START)',
      'takes the modules the runner uses to pieces':
        'import builtins, json, linecache, os, signal, sys, time, traceback\nfor module in (linecache, os, signal, time, traceback):\n    for name in list(vars(module)):\n        if not name.startswith("__"): setattr(module, name, None)\nsys.modules.clear()',
    },
    { ends: ['value', 'error', 'timeout', 'lost'], spoils: true },
  ),
  {
    name: 'hooks the audit',
    code: 'import sys\nsys.addaudithook(print)',
    ends: 'error',
    error: 'AttributeError',
  },
  {
    name: 'hooks exceptions, exits and the display',
    code: 'import atexit, sys, threading\ndef loop(*_):\n    while True: pass\nsys.excepthook = sys.displayhook = sys.unraisablehook = threading.excepthook = loop\natexit.register(loop)\n1 / 0',
    ends: 'error',
    error: 'ZeroDivisionError',
    spoils: true,
  },
  ...attacks(
    {
      'hooks imports':
        'import sys\nclass Finder:\n    def find_spec(self, *_):\n        while True: pass\nsys.meta_path.insert(0, Finder())\nsys.path_hooks.clear()\nsys.path_importer_cache.clear()',
      'gives globals keys that are no names':
        'globals()[1] = 2\nglobals()[None] = 3\nclass S(str):\n    def __eq__(self, other): raise ValueError("no")\n    __hash__ = str.__hash__\nglobals()[S("odd")] = 4',
      'makes a variable with a name of a million characters': 'globals()["v" * 10 ** 6] = 1',
    },
    { ends: 'value', spoils: true },
  ),
  {
    name: 'hooks codecs',
    code: 'import codecs\ndef loop(*_):\n    while True: pass\ncodecs.register(loop)\nfor name in ("surrogatepass", "strict", "replace", "ignore"): codecs.register_error(name, loop)',
    ends: 'value',
    next: [['"\\ud800"', "'\\ud800'"]],
    spoils: true,
  },
  ...attacks(
    {
      'takes JSON to pieces':
        'import json, json.encoder, json.decoder\nfor module in (json, json.encoder, json.decoder):\n    for name in list(vars(module)):\n        if not name.startswith("__"): setattr(module, name, None)',
      'changes the variables of the runner’s frames': `${reach}cells(call)["state"].clear()`,
    },
    { ends: ['value', 'timeout', 'lost'], spoils: true },
  ),
  {
    name: 'looks for the runner’s modules',
    code: 'import variables',
    ends: 'error',
    error: 'ModuleNotFoundError',
  },
  {
    name: 'takes the runner’s own functions away',
    code: `${reach}helpers = grep.__globals__\nshow = cells(SHOW_VARS)["variables"]\nfor name in ("compare", "own_names", "listed_names", "bounded_repr"): setattr(show, name, None)`,
    ends: 'value',
  },
  {
    name: 'holds the frames of a generator over steps',
    code: 'import sys\ndef hold():\n    yield sys._getframe(2)\n    yield 2\nheld = hold()\nframe = next(held)',
    ends: ['value', 'error'],
    next: [['next(held)', '2']],
  },
  {
    name: 'makes a hundred thousand variables',
    code: 'for i in range(100_000): globals()[f"v{i}"] = i',
    ends: 'value',
    timeoutMs: 10000,
    spoils: true,
  },
  {
    name: 'replaces the class of sys',
    code: 'import sys, types\nclass Odd(types.ModuleType):\n    def __setattr__(self, name, value): raise ValueError("no")\nsys.__class__ = Odd',
    ends: 'value',
    spoils: true,
  },
];

const pretences: readonly Attack[] = [
  {
    name: 'raises a time-out of its own',
    code: 'raise TimeoutError("The step ran long")',
    ends: 'error',
    error: 'TimeoutError',
  },
  ...attacks(
    {
      'raises an interrupt of its own': 'raise KeyboardInterrupt',
      'signals itself an interrupt': 'import signal\nsignal.raise_signal(signal.SIGINT)',
    },
    { ends: 'error', error: 'KeyboardInterrupt' },
  ),
  {
    name: 'raises an error named as the host names cancelling',
    code: 'class CancelledError(Exception): pass\nraise CancelledError("The step was interrupted on request.")',
    ends: 'error',
    error: 'CancelledError',
  },
  {
    name: 'catches the interrupt and ends well',
    code: 'try:\n    while True: pass\nexcept KeyboardInterrupt: print("mine")',
    ends: 'timeout',
    stdout: 'mine\n',
  },
  {
    name: 'answers the interrupt by a handler of its own',
    code: 'import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\nwhile True: pass',
    ends: 'lost',
  },
  {
    name: 'raises an error whose parts lie',
    code: 'class T(type):\n    __name__ = property(lambda self: 5)\nclass S(str):\n    def __getitem__(self, at): return {}\n    def __len__(self): return -1\nclass E(Exception, metaclass=T):\n    def __str__(self): return S("lie")\nraise E()',
    ends: ['error', 'timeout', 'lost'],
  },
  {
    name: 'gives a value whose repr lies',
    code: 'class S(str):\n    def __getitem__(self, at): return {}\n    def __len__(self): return 10 ** 6\nclass V:\n    def __repr__(self): return S("lie")\nV()',
    ends: 'value',
    result: 'lie',
  },
  {
    name: 'gives a value whose length and class lie',
    code: 'class L(list):\n    def __len__(self): return -5\n    def __repr__(self):\n        while True: pass\nvalue = L()',
    ends: 'value',
    next: [['del value', null]],
  },
  {
    name: 'raises itself as its own cause',
    code: 'e = ValueError("a")\ne.__cause__ = e\ne.__context__ = e\nraise e',
    ends: 'error',
    error: 'ValueError',
  },
];

const corruption: readonly Attack[] = [
  ...attacks(
    {
      'runs bytecode that is none':
        'def f(): pass\nfor junk in (b"\\xff" * 100, bytes(range(256)), b"d\\xff" * 50):\n    f.__code__ = f.__code__.replace(co_code=junk)\n    f()',
      'loads constants that are not there':
        'def f(): return 1\nf.__code__ = f.__code__.replace(co_consts=(), co_code=bytes([83, 200, 36, 0]))\nf()',
    },
    { ends: ['error', 'lost', 'timeout', 'value'], spoils: true },
  ),
  {
    name: 'unmarshals garbage',
    code: 'import marshal, os\nfor _ in range(2000):\n    try: marshal.loads(os.urandom(64))\n    except Exception: pass',
    ends: ['value', 'lost', 'timeout'],
    spoils: true,
    timeoutMs: 5000,
  },
  {
    name: 'unpickles a call of the system',
    code: 'import pickle\npickle.loads(b"cposix\\nsystem\\n(S\'id > {marker}\'\\ntR.")',
    ends: 'value',
    result: '-1',
  },
  {
    name: 'unpickles a bomb',
    code: 'import pickle\npickle.loads(b"]" + b"(" * 10 ** 6 + b"e" * 5)',
    ends: ['error', 'timeout', 'lost'],
    timeoutMs: 5000,
  },
  {
    name: 'unpacks a compressed bomb',
    code: 'import bz2, zlib\nbomb = bz2.compress(b"0" * 10 ** 7)\nb"".join(bz2.decompress(bomb) for _ in range(100))',
    ends: ['error', 'timeout'],
    error: 'MemoryError',
    timeoutMs: 3000,
  },
  {
    name: 'unpacks an archive that leads out of its folder',
    code: 'import io, tarfile, zipfile\nraw = io.BytesIO()\nwith tarfile.open(fileobj=raw, mode="w") as tar: tar.addfile(tarfile.TarInfo("../../../../../../{marker}"))\nraw.seek(0)\ntarfile.open(fileobj=raw).extractall("/tmp", filter="fully_trusted")',
    ends: 'value',
  },
  {
    name: 'collides hashes',
    code: 'class K:\n    def __hash__(self): return 1\n{K(): 1 for _ in range(10 ** 5)}',
    ends: 'timeout',
  },
  {
    name: 'normalises a long text',
    code: 'import unicodedata\nunicodedata.normalize("NFD", "\\u0f71\\u0f72" * 10 ** 5)',
    ends: ['timeout', 'value', 'lost'],
  },
  {
    name: 'parses a number of digits',
    code: 'import sys\nsys.set_int_max_str_digits(0)\nint("9" * 10 ** 6)',
    ends: ['value', 'timeout', 'lost'],
    next: [['import sys; sys.set_int_max_str_digits(4300)', null]],
  },
  {
    name: 'formats to a huge width',
    code: '"%1000000000d" % 1',
    ends: 'error',
    error: 'MemoryError|OverflowError|ValueError',
  },
  {
    name: 'hashes a deep tuple',
    code: 'x = ()\nfor _ in range(10 ** 6): x = (x,)\nhash(x)',
    ends: ['value', 'timeout', 'lost'],
    timeoutMs: 5000,
    spoils: true,
  },
  ...attacks(
    {
      'compares deep lists': 'x, y = [], []\nfor _ in range(100_000): x, y = [x], [y]\nx == y',
      'writes deep JSON': 'import json\nx = []\nfor _ in range(100_000): x = [x]\njson.dumps(x)',
      'recurses in C by a repr':
        'import sys\nsys.setrecursionlimit(10 ** 9)\nclass A:\n    def __repr__(self): return repr([self])\ntry: repr(A())\nfinally: sys.setrecursionlimit(1000)',
    },
    { ends: 'error', error: 'RecursionError', next: [['x = y = None', null]] },
  ),
  {
    name: 'frees a deep tuple',
    code: 'x = ()\nfor _ in range(10 ** 6): x = (x,)\ndel x',
    ends: 'value',
    timeoutMs: 5000,
  },
  {
    name: 'chains iterators',
    code: 'import itertools\nx = iter([])\nfor _ in range(100_000): x = itertools.chain(x, [])\nlist(x)',
    ends: 'value',
    next: [['x = None', null]],
  },
  {
    name: 'nests groups in a pattern',
    code: 'import re\nre.compile("(" * 5000 + ")" * 5000)',
    ends: 'error',
    error: 'RecursionError|error|PatternError',
    timeoutMs: 5000,
  },
  ...attacks(
    {
      'nests groups of exceptions':
        'def nest():\n    e = ValueError()\n    for _ in range(100_000): e = ExceptionGroup("x", [e])\n    raise e\nnest()',
      'chains causes of an error':
        'def chain():\n    e = None\n    for _ in range(100_000):\n        cause, e = e, ValueError()\n        e.__cause__ = cause\n    raise e\nchain()',
    },
    { ends: ['error', 'timeout'], timeoutMs: 5000 },
  ),
  {
    name: 'looks for libraries of C',
    code: 'import importlib\nfound = []\nfor name in ("_ctypes", "_testcapi", "_testinternalcapi", "_posixsubprocess", "fcntl", "_interpreters", "_socket", "_ssl", "js", "_xxsubinterpreters"):\n    try: found.append(importlib.import_module(name).__name__)\n    except ImportError: pass\nfound',
    ends: 'value',
    result: "['_socket']",
  },
  {
    name: 'starts interpreters, processes and pools',
    code: 'import concurrent.futures, _thread\nrefused = 0\ndef processes():\n    import multiprocessing\n    multiprocessing.Process(target=print).start()\nfor start in (lambda: _thread.start_new_thread(print, ()), lambda: concurrent.futures.ThreadPoolExecutor().submit(print).result(), processes):\n    try: start()\n    except (RuntimeError, OSError, ImportError, AttributeError): refused += 1\nrefused',
    ends: 'value',
    result: '3',
    timeoutMs: 5000,
  },
  {
    name: 'waits for signals that never come',
    code: 'import signal\nfor wait in (signal.pause, lambda: signal.sigwait([2]), lambda: signal.sigtimedwait([2], 100)):\n    try: wait()\n    except OSError: pass',
    ends: ['value', 'lost', 'timeout'],
  },
  {
    name: 'lets signals write to the device',
    code: 'import os, signal\nsignal.set_wakeup_fd(3, warn_on_full_buffer=False)\nwhile True: pass',
    ends: ['error', 'timeout'],
    error: 'ValueError',
    spoils: true,
  },
];

describeAttacks('python: the device, files and the network', 'python', [
  ...device,
  ...files,
  ...network,
]);
describeAttacks('python: hooks, pretences and corruption', 'python', [
  ...hooks,
  ...pretences,
  ...corruption,
]);
