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
seen.push(...['\\$1', '\\$_', 'input', 'lastMatch'].map((name) => typeof RegExp[name]), String(/k(e)pt/.exec(context)));
seen.push(JSON.stringify([grep('kept'), grep(/KEPT/i), search('kept host'), grep('pearl', { text: 'a pearl' }), count('kept')]));
seen.push(JSON.stringify([(1234.5).toLocaleString(), ['z', 'ä', 'B', 'a'].sort(new Intl.Collator().compare), 'ä'.localeCompare('z', 'sv')]));
seen.push(String(new Date(0)), new Date(0).toLocaleString(), [1, [2]].join(), JSON.stringify({ a: [1] }), typeof leaked);
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

const everyObject = `
const attempt = (run) => { try { return run(); } catch {} };
const objects = new Set();
const gather = (value) => {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || objects.has(value)) return;
  objects.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const found = Object.getOwnPropertyDescriptor(value, key);
    gather(found.value); gather(found.get); gather(found.set);
  }
  gather(Object.getPrototypeOf(value));
};
`;

const javascriptWays: Readonly<Record<string, string>> = {
  'replaces every property of every object it can reach': `${everyObject}
gather(globalThis); gather((function* () {})()); gather((async () => {})()); gather([][Symbol.iterator]()); gather(/./.exec('a'));
const { ownKeys } = Reflect;
const all = [...objects];
for (let at = 0; at < all.length; at++) {
  const keys = ownKeys(all[at]);
  for (let key = 0; key < keys.length; key++) if (keys[key] !== 'attempt') attempt(() => { all[at][keys[key]] = () => 'leaked'; });
}
leaked = 1`,
  'defines accessors on all prototypes, and adds its own properties': `${everyObject}
gather(globalThis);
for (const object of [...objects]) for (const key of ['leaked', 'kind', 'value', 'error', 'toJSON', 'locales', 'options', 'texts', 'id'])
  attempt(() => Object.defineProperty(object, key, { get: () => 'leaked', set() {}, configurable: true }));`,
  'freezes and empties what it can reach': `${everyObject}
gather(globalThis);
for (const object of [...objects]) { attempt(() => Object.freeze(object)); attempt(() => Object.setPrototypeOf(object, null)); }
for (const key of Reflect.ownKeys(globalThis)) attempt(() => { delete globalThis[key]; });`,
  'writes over the context and what the helpers give': `
leaked = context;
context = 'leaked '.repeat(1000);
for (const span of grep('kept', { text: leaked })) for (const key of Reflect.ownKeys(Object.getPrototypeOf(span)).concat(Reflect.ownKeys(span)))
  try { span[key] = 'leaked'; Object.getPrototypeOf(span)[key] = 'leaked'; } catch {}
for (let at = 0; at < 50; at++) grep('leaked', { text: 'leaked ' + at });`,
  'writes to every buffer and grows it': `
const buffers = [];
for (let at = 0; at < 200; at++) {
  const buffer = new ArrayBuffer(1 << 16, { maxByteLength: 1 << 20 });
  new Uint8Array(buffer).fill(at); try { buffer.resize(1 << 20); new Uint32Array(buffer).fill(0xdeadbeef); buffer.resize(8); } catch {}
  buffers.push(buffer);
}
try { const memory = new WebAssembly.Memory({ initial: 1 }); } catch {}
try { Atomics.store(new Int32Array(buffers[0]), 0, 7); } catch {}
for (const type of [Uint8Array, Uint16Array, Float64Array, BigInt64Array, DataView]) try { new type(buffers[1])[1e6] = 1; } catch {}`,
  'gives the search thread its own texts and patterns': `
const many = Array.from({ length: 300 }, (_, at) => 'kept by the host pearl leaked ' + at + ' ä\\n');
for (const text of many) { grep(/LEAKED|kept|pearl/iu, { text: text.repeat(1000) }); search('kept host pearl', { text: text.repeat(1000) }); count('kept', { text }); }
for (const pattern of ['(', '(a+)+$', '\\\\p{L}+', 'x'.repeat(5000)]) try { grep(pattern, { text: 'ä'.repeat(30000) }) } catch {}`,
  'asks Intl for other locales, time zones and very many formatters': `
for (const locale of ['de', 'sv', 'tr', 'ja', 'ar-EG', 'th-u-nu-thai']) for (const timeZone of ['Asia/Tokyo', 'America/New_York'])
  for (let digits = 1; digits < 20; digits++) {
    new Date(0).toLocaleString(locale, { timeZone, hour12: digits % 2 === 0 });
    (1234.5).toLocaleString(locale, { minimumIntegerDigits: digits }); 'ä'.localeCompare('z', locale, { numeric: true });
  }
for (const kind of Reflect.ownKeys(Intl)) try { Intl[kind] = null; delete Intl[kind]; } catch {}
String.prototype.localeCompare = Number.prototype.toLocaleString = Date.prototype.toLocaleString = () => 'leaked';`,
  'matches with its own patterns, and changes how they match': `
/(leaked)/.exec('leaked'); 'leaked'.replace(/l(ea)ked/g, '$1');
try { new RegExp('').compile('leaked'); } catch {}
RegExp.prototype.exec = () => ['leaked']; RegExp.prototype[Symbol.replace] = () => 'leaked'; RegExp.input = 'leaked';
Object.defineProperty(RegExp.prototype, 'flags', { get: () => 'leaked' });`,
  'leaves jobs, timers of its own and finalisers': `
globalThis.later = new FinalizationRegistry(() => { globalThis.leaked = 1; }); later.register({}, 1);
new Promise(() => {}); Promise.resolve().then(() => { Object.prototype.leaked = 1; });
(async () => { for (let at = 0; at < 100; at++) await at; Array.prototype.leaked = 1; })();`,
  'fills its memory and breaks its engine': `
globalThis.all = [];
try { for (;;) all.push('leaked'.repeat(1e5) + all.length); } catch {}`,
};

const writings: readonly Writing[] = [
  ...Object.entries(javascriptWays).map(([name, code]) => ({
    language: 'javascript' as const,
    name,
    code,
  })),
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
  /** Of each language, there before all others. */
  const oldest = new Map<Language, Repl>();

  before(async function () {
    this.timeout(60_000);
    sandboxes = createSandboxes();
    for (const language of ['python', 'javascript'] as const) {
      const first = await Repl.open(sandboxes, { language, context });
      expected.set(language, await first.evaluate(looks[language]));
      oldest.set(language, first);
    }
  });
  after(() => sandboxes.dispose());

  for (const { language, name, code, result } of writings) {
    it(`is seen by no other session when its ${language} code ${name}`, async () => {
      const open = (as: Language): Promise<Repl> => Repl.open(sandboxes, { language: as, context });
      const older = await open(language);
      const attacker = await open(language);
      const written = await attacker.run(code);
      const younger = await open(language); // taken from the reserve, which was started before or after
      const youngest = await open(language);
      const other = language === 'python' ? 'javascript' : 'python';
      const ofOther = await open(other);
      assert.ok(written.error === null || written.stateLost, written.error?.traceback);
      if (result !== undefined) {
        assert.equal(written.result, result);
      }
      for (const repl of [older, younger, youngest]) {
        assert.equal(await repl.evaluate(looks[language]), expected.get(language));
      }
      assert.equal(await ofOther.evaluate(looks[other]), expected.get(other));
      for (const [as, repl] of oldest) {
        assert.equal(await repl.evaluate(looks[as]), expected.get(as));
      }
      for (const repl of [older, attacker, younger, youngest, ofOther]) {
        repl.sandbox.dispose();
      }
    });
  }
});
