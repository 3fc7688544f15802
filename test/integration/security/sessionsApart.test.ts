// No byte that one session can write is ever seen by another: each row writes wherever its language lets it,
// and sessions that were there before, and that come after, find everything as it was.
// Longer than usual: a table, one row a way to write.

import assert from 'node:assert/strict';
import type { Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

interface Writing {
  readonly language: Language;
  readonly name: string;
  /** Writes wherever it can and swallows what refuses it. */
  readonly code: string;
  /** What its last expression must be, where that shows that it did what it says. */
  readonly result?: string;
}

const context = 'kept by the host\n';

/** Seen alike from every session: all that a session finds when it starts, and can import. */
const looks: Readonly<Record<Language, string>> = {
  python: `
import hashlib, importlib, os, stat
def look():
    seen = {}
    for folder, _, files in os.walk("/"):
        if folder.startswith(("/proc", "/dev")):
            continue
        for name in files:
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                seen[path] = hashlib.sha256(open(path, "rb").read()).hexdigest()
    for name in ("csv", "json", "decimal", "statistics", "difflib", "textwrap", "string", "uuid", "calendar",
                 "fractions", "heapq", "configparser", "html.parser", "xml.etree.ElementTree", "gzip", "base64"):
        module = importlib.import_module(name)
        seen[name] = sorted(key for key in vars(module) if not key.startswith("__"))
    import csv
    seen["rows"] = list(csv.reader(["a,b"]))
    seen["devices"] = sorted(os.listdir("/dev"))
    seen["context"] = context
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()
look()`,
  javascript: `
const seen = [];
const visited = new Set();
const walk = (value, path) => {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || visited.has(value)) return;
  visited.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const found = Object.getOwnPropertyDescriptor(value, key);
    const at = path + '.' + String(key);
    const inner = found.value;
    seen.push(at + ':' + typeof inner + (typeof inner === 'function' ? inner : ''));
    walk(inner, at); walk(found.get, at); walk(found.set, at);
  }
  walk(Object.getPrototypeOf(value), path + '.__proto__');
};
for (const key of ['Object', 'Array', 'JSON', 'Map', 'RegExp', 'Promise', 'llm_query', 'grep', 'print', 'console'])
  walk(globalThis[key], key);
const text = seen.join('\\n') + context;
let hash = 7;
for (let at = 0; at < text.length; at += 1) hash = (hash * 31 + text.charCodeAt(at)) | 0;
hash + ':' + text.length`,
};

/** Finds each file there is, and offers ways to write to one. */
const everyFile = `
import os, io, stat, mmap, shutil, zipfile
evil = b"raise SystemExit('apart')\\n" * 4096
paths = []
for folder, folders, files in os.walk("/"):
    if not folder.startswith("/proc"):
        paths += [os.path.join(folder, name) for name in files if (folder, name) != ("/dev", "rlm")]
def attempt(run, *args):
    try: return run(*args)
    except Exception: return None
def write_by(flags):
    def run(path):
        fd = os.open(path, flags, 0o777)
        for write in (lambda: os.write(fd, evil), lambda: os.pwrite(fd, evil, 0), lambda: os.writev(fd, [evil]),
                      lambda: os.pwritev(fd, [evil], 4096), lambda: os.ftruncate(fd, 10), lambda: os.fchmod(fd, 0o777),
                      lambda: os.posix_fallocate(fd, 0, 10 ** 6), lambda: os.utime(fd, (1, 1))):
            attempt(write)
        os.close(fd)
    return run
`;

const pythonWays: Readonly<Record<string, string>> = {
  'opens every file to write, in every mode': `
for path in paths:
    attempt(os.chmod, path, 0o777)
    for flags in (os.O_RDWR, os.O_WRONLY, os.O_RDWR | os.O_APPEND, os.O_RDWR | os.O_TRUNC, os.O_RDWR | os.O_CREAT):
        attempt(write_by(flags), path)`,
  'opens every file to read, and writes': `
for path in paths:
    for flags in (os.O_RDONLY, os.O_RDONLY | os.O_TRUNC, os.O_RDONLY | os.O_CREAT | os.O_TRUNC):
        attempt(write_by(flags), path)`,
  'writes by file objects': `
for path in paths:
    for mode in ("r+b", "wb", "ab", "xb", "w+b"):
        def write():
            with open(path, mode, buffering=0) as file:
                file.write(evil); file.truncate(3); file.seek(0); file.write(evil)
        attempt(write)`,
  'maps every file and writes to the memory': `
for path in paths:
    for flags, access in ((os.O_RDWR, mmap.ACCESS_WRITE), (os.O_RDONLY, mmap.ACCESS_COPY), (os.O_RDONLY, mmap.ACCESS_WRITE)):
        def write():
            fd = os.open(path, flags)
            try:
                area = mmap.mmap(fd, os.fstat(fd).st_size, access=access)
                area[:] = bytes(len(area)); area.flush(); area.close()
            finally:
                os.close(fd)
        attempt(write)`,
  'makes every file shorter, longer and empty': `
for path in paths:
    for size in (1, 10 ** 7, 0):
        attempt(os.truncate, path, size)`,
  'puts other files in the place of every file': `
for path in paths:
    open("/work/evil", "wb").write(evil)
    for put in ("replace", "rename", "link", "symlink"):
        attempt(lambda: getattr(os, put)("/work/evil", path))
    attempt(shutil.copyfile, "/work/evil", path); attempt(shutil.move, "/work/evil", path)
    attempt(os.unlink, path)
    attempt(os.symlink, "/work/evil", path)
    attempt(lambda: open(path, "wb").write(evil))`,
  'moves folders away and puts its own in their place': `
for folder in ("/lib/added/_pyrepl", "/lib/added", "/lib", "/rlm", "/tmp", "/home", "/work", "/dev", "/proc"):
    attempt(os.chmod, folder, 0o777)
    attempt(os.rename, folder, folder + ".old")
    attempt(shutil.rmtree, folder)
    attempt(os.makedirs, folder)
    for name in ("csv.py", "json.py", "decimal.py", "python313.zip", "sitecustomize.py"):
        attempt(lambda: open(folder + "/" + name, "wb").write(evil))`,
  'writes to every open file and device by its number': `
opened = [os.open(path, flags) for path in paths for flags in (os.O_RDONLY,) if attempt(os.stat, path)]
for fd in [fd for fd in range(1024) if fd != 3]:
    attempt(os.write, fd, evil); attempt(os.pwrite, fd, evil, 0); attempt(os.ftruncate, fd, 5)
    attempt(write_by(os.O_RDWR), "/proc/self/fd/%d" % fd); attempt(write_by(os.O_RDWR | os.O_TRUNC), "/dev/fd/%d" % fd)
for fd in opened: attempt(os.close, fd)`,
  'copies between files inside the system': `
source = os.open("/work/evil", os.O_RDWR | os.O_CREAT)
os.write(source, evil)
for path in paths:
    def copy():
        target = os.open(path, os.O_RDWR)
        for call in ("sendfile", "copy_file_range", "splice"):
            if hasattr(os, call):
                attempt(lambda: getattr(os, call)(target, source, 0, len(evil)))
                attempt(lambda: getattr(os, call)(source, target, len(evil)))
        os.close(target)
    attempt(copy)`,
  'reads files into its own memory, and writes to that': `
for path in paths:
    def write():
        area = bytearray(1 << 20)
        with open(path, "rb", buffering=0) as file:
            file.readinto(area)
        area[:] = bytes(len(area))
        fd = os.open(path, os.O_RDONLY)
        os.preadv(fd, [area], 0)
        area[:] = bytes(len(area))
        os.close(fd)
    attempt(write)`,
  'adds to and rewrites the archive of the standard library': `
def add():
    with zipfile.ZipFile("/lib/python313.zip", "a") as archive:
        archive.writestr("csv.py", evil)
attempt(add)
def rewrite():
    with zipfile.ZipFile("/work/other.zip", "w") as archive:
        archive.writestr("csv.py", evil)
    os.replace("/work/other.zip", "/lib/python313.zip")
attempt(rewrite)`,
  'changes what its own interpreter shares between modules': `
import sys, builtins, zipimport, importlib, _frozen_importlib, gc
for cache in (zipimport._zip_directory_cache, sys.path_importer_cache, sys.modules, sys.flags, os.environ):
    attempt(lambda: cache.clear())
for name in list(vars(builtins)):
    attempt(setattr, builtins, name, None)`,
  'makes pipes, links, nodes and devices in the place of files': `
for path in paths + ["/dev/evil"]:
    attempt(os.unlink, path)
    attempt(lambda: os.mkfifo(path))
    for device in (64 << 8, 1 << 8 | 3, 5 << 8):
        attempt(lambda: os.mknod(path, 0o777 | stat.S_IFCHR, device))
        attempt(write_by(os.O_RDWR), path)`,
};

const writings: readonly Writing[] = [
  ...Object.entries(pythonWays).map(([name, code]) => ({
    language: 'python' as const,
    name,
    code: everyFile + code,
  })),
  {
    language: 'python',
    name: 'puts its own code over the place of one module in the archive',
    code: `
import zipfile
with zipfile.ZipFile("/lib/python313.zip") as archive:
    entry = archive.getinfo("csv.pyc")
try:
    with open("/lib/python313.zip", "r+b") as file:
        file.seek(entry.header_offset + 30)
        file.write(bytes(entry.compress_size))
    ended = "written"
except OSError as error:
    ended = type(error).__name__
ended`,
    result: "'PermissionError'",
  },
];

describe('what one session writes', () => {
  let sandboxes: SandboxProcess;
  const expected = new Map<Language, string | null>();

  before(async function () {
    this.timeout(60_000);
    sandboxes = createSandboxes();
    for (const language of new Set(writings.map((writing) => writing.language))) {
      const first = await Repl.open(sandboxes, { language, context });
      expected.set(language, await first.evaluate(looks[language]));
      first.sandbox.dispose();
    }
  });
  after(() => sandboxes.dispose());

  for (const { language, name, code, result } of writings) {
    it(`is seen by no other ${language} session when it ${name}`, async () => {
      const open = (): Promise<Repl> => Repl.open(sandboxes, { language, context });
      const older = await open();
      const attacker = await open();
      const written = await attacker.run(code);
      const younger = await open(); // taken from the reserve, which was started before or after
      const youngest = await open();
      assert.ok(written.error === null || written.stateLost, written.error?.traceback);
      if (result !== undefined) {
        assert.equal(written.result, result);
      }
      for (const repl of [older, younger, youngest]) {
        assert.equal(await repl.evaluate(looks[language]), expected.get(language));
      }
      for (const repl of [older, attacker, younger, youngest]) {
        repl.sandbox.dispose();
      }
    });
  }
});
