// A worker that holds one CPython interpreter: sets up its realm, file system and device, then hands
// the thread over to boot.py, which never returns.

import { workerData } from 'node:worker_threads';
import type { FileRefused } from '../../core/sandboxFiles';
import type { ToWorker, WorkerInit } from '../../protocol/worker';
import deviceModule from './device.py';
import eventLoop from './eventLoop.py';
import { createGuestModules } from './guestModules';
import { createGuestDevice } from './guestDevice';
import { PythonHash } from './pythonHash';
import { PythonTexts } from './pythonTexts';
import { PythonWatch } from './pythonWatch';
import { type EmscriptenFiles, limitFiles } from './guestFiles';
import type { GuestTree } from './guestTree';
import { type ImportSpaces, guardImports } from './guestImports';
import { type EngineExports, type GuestStack, enlargeStack } from './guestStack';
import { type MountingFiles, mountLibrary } from './libraryFiles';
import { MemoryViews } from './memoryViews';
import { createMessagePump } from './messagePump';
import { MemoryFiles } from './memoryFiles';
import { scrubRealm } from './scrubRealm';
import pager from './pager.py';
import { maxHeapBytes, pageBytes } from './wasmMemory';

export interface PythonAssets {
  readonly wasmModule: WebAssembly.Module;
  /** Source of the emscripten glue. */
  readonly glue: string;
  /** The standard library as a zip, on a SharedArrayBuffer. */
  readonly library: Uint8Array;
  readonly maxFileBytes: number;
}

interface PythonModule {
  readonly FS: EmscriptenFiles &
    GuestTree &
    MountingFiles & {
      init(): void;
      writeFile(path: string, content: Uint8Array | string, options?: object): void;
      makedev(major: number, minor: number): number;
      registerDevice(device: number, operations: object): void;
      mkdev(path: string, device: number): void;
      chdir(path: string): void;
    };
  readonly ENV: Record<string, string>;
  readonly _Py_EMSCRIPTEN_SIGNAL_HANDLING: number;
  Py_EmscriptenSignalBuffer: Uint8Array;
  callMain(args: readonly string[]): void;
}

type CreatePython = (options: object) => Promise<PythonModule>;

/** What a session gets beyond its cap, at a time and in all, so that it can let go of what fills it. */
const roomBytes = 2 * 1024 * 1024;
let roomLeft = 16 * 1024 * 1024;
const fileLimits = { maxFiles: 10_000, maxOpenFiles: 1_024, maxPathChars: 4_096 };
/** WASI's error numbers for what a write to the device may meet. */
const writeErrors = { 'too-large': 35, refused: 28 } as const; // EMSGSIZE, EINVAL
/** WASI's EBADF. */
const badFile = 8;
/** Device numbers of emscripten's two terminals. */
const terminals = [5, 6];
const guestModules = createGuestModules({ device: deviceModule, eventLoop });
/** Modules that this build of the standard library lacks and others of it need. */
const missingModules = {
  '_pyrepl/__init__.py': '',
  '_pyrepl/pager.py': pager,
  '_sysconfigdata__emscripten_wasm32-emscripten.py': 'build_time_vars = {}\n',
  'tzdata/__init__.py': '',
  'tzdata/zoneinfo/__init__.py': '',
  'tzdata/zoneinfo/UTC': createUtcZone(),
};
/** The runner's modules have builtins of their own, which no code can take from them. */
const start = `
import builtins, sys
own_builtins = dict(vars(builtins))
modules = {}
for name in ${JSON.stringify(Object.keys(guestModules))}:
    module = modules[name] = sys.modules[name] = type(sys)(name)
    vars(module)["__builtins__"] = own_builtins
    with open("/rlm/" + name + ".py", encoding="utf-8") as file:
        exec(compile(file.read(), file.name, "exec"), vars(module))
for name in modules:
    del sys.modules[name]
sys.path[:] = [*(path for path in sys.path if path != "/rlm"), "/work"]  # last: no file of the code's hides a library
modules["boot"].main(modules)
`;

const init = workerData as WorkerInit<PythonAssets>; // made by the sandbox process
const pump = createMessagePump(init);
/** The heap may grow to this; while a context loads, to the engine's own maximum. */
let heapCap = init.maxMemoryBytes;
let capAfterLoad: number | null = null;
let engine: EngineExports | undefined;

let stack: GuestStack | undefined;
let files: MemoryFiles | undefined;
const notYet: FileRefused = {
  kind: 'refused',
  reason: 'failed',
  message: 'there are no files yet',
};

const texts = new PythonTexts(() => engine?.memory.buffer ?? new ArrayBuffer(0));
const readMemory = (): ArrayBuffer => engine?.memory.buffer ?? new ArrayBuffer(0);
const memory = new MemoryViews(readMemory);
const hashes = new PythonHash(memory);
const device = createGuestDevice({
  ...{ pump, texts, onMessage, giveRoom },
  onFiles: (message) => files?.answer(message) ?? notYet,
  addLoaded: (address) => hashes.addLoaded(address),
  lookAt: (address) => hashes.describe(address),
  hashWords: (address, bytes) => hashes.describeWords(address, bytes),
  watch: new PythonWatch(memory, () => stack?.start ?? 0),
});

function onMessage(message: ToWorker): void {
  if (stack?.isWhole() === false) {
    throw new Error('The code recursed deeper than the stack.');
  }
  if (message.kind === 'reply' && 'interrupted' in message) {
    Atomics.store(init.interrupt, 0, 0); // told once is enough: the reply itself raises
  }
  if (message.kind !== 'reply') {
    files?.abandon();
  }
  if (message.kind === 'run') {
    hashes.beginStep();
  }
  if (message.kind === 'load') {
    heapCap = maxHeapBytes;
    capAfterLoad = message.maxMemoryBytes;
  } else if (capAfterLoad !== null) {
    // The context is in: what the code may use comes on top of it.
    heapCap = Math.min(maxHeapBytes, (engine?.memory.buffer.byteLength ?? 0) + capAfterLoad);
    capAfterLoad = null;
  }
}

function giveRoom(): void {
  const bytes = Math.min(roomBytes, roomLeft);
  roomLeft -= bytes;
  heapCap = Math.min(maxHeapBytes, heapCap + bytes);
}

const randomValues = crypto.getRandomValues.bind(crypto);
scrubRealm();

void run().catch((error: unknown) => {
  pump.send(JSON.stringify({ kind: 'broken', message: describe(error) }));
});

async function run(): Promise<void> {
  const python = await createInterpreter();
  python.Py_EmscriptenSignalBuffer = init.interrupt;
  if (!engine) {
    throw new Error('The interpreter was not made by the glue.');
  }
  new Int8Array(engine.memory.buffer)[python._Py_EMSCRIPTEN_SIGNAL_HANDLING] = 1;
  limitFiles(python.FS, { maxBytes: init.assets.maxFileBytes, ...fileLimits });
  files = new MemoryFiles(python.FS);
  stack = enlargeStack(engine);
  python.callMain(['-S', '-B', '-u', '/rlm/start.py']);
  throw new Error('The interpreter ended.');
}

function createInterpreter(): Promise<PythonModule> {
  const { glue, wasmModule } = init.assets;
  const create = loadGlue(glue);
  return create({
    noInitialRun: true,
    thisProgram: '/python',
    instantiateWasm: (
      imports: ImportSpaces,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) => {
      guardImports(imports, (bytes) => bytes <= heapCap);
      const instance = new WebAssembly.Instance(wasmModule, imports);
      engine = instance.exports as unknown as EngineExports; // of the pinned build
      capGrowth(engine.memory);
      done(instance, wasmModule);
      return {};
    },
    preRun: [(module: PythonModule) => prepareFiles(module)],
    print: () => undefined,
    printErr: () => undefined,
  });
}

/** The glue grows ahead of need, by up to a fifth. */
function capGrowth(memory: EngineExports['memory']): void {
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) =>
    grow(Math.min(pages, Math.floor((heapCap - memory.buffer.byteLength) / pageBytes)));
}

/** The glue is pinned and checked at build; the guest has no way to this realm's evaluator. */
function loadGlue(glue: string): CreatePython {
  const box = { exports: {} };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a CommonJS module given as text
  const load = new Function('module', 'exports', 'require', '__dirname', '__filename', glue) as (
    ...names: readonly unknown[]
  ) => void; // its parameters are the five named here
  load(box, box.exports, refuseRequire, '/', '/python.js');
  return box.exports as CreatePython; // emscripten's MODULARIZE export
}

function prepareFiles(python: PythonModule): void {
  const { FS, ENV } = python;
  // A terminal would keep what is written to it until a line ends.
  for (const terminal of terminals) {
    FS.registerDevice(FS.makedev(terminal, 0), {
      read: () => 0,
      write: () => {
        throw new FS.ErrnoError(badFile); // what went past sys.stdout would be lost
      },
    });
  }
  FS.init();
  FS.mkdirTree('/rlm');
  FS.mkdirTree('/work');
  mountLibrary(FS, '/lib', { 'python313.zip': init.assets.library, ...addedModules() });
  for (const [name, source] of Object.entries(guestModules)) {
    FS.writeFile(`/rlm/${name}.py`, source);
  }
  FS.writeFile('/rlm/start.py', start);
  for (const name of Object.keys(ENV)) {
    delete ENV[name];
  }
  Object.assign(ENV, {
    PYTHONHOME: '/',
    PYTHONPATH: '/lib/python313.zip:/lib/added',
    HOME: '/work',
    TZ: 'UTC',
    PYTHONHASHSEED: '0', // sets come in the same order when a record is run again
  });
  const number = FS.makedev(64, 0);
  FS.registerDevice(number, {
    open: (stream: { seekable: boolean }) => {
      stream.seekable = false;
    },
    close: () => undefined,
    read: (_stream: unknown, heapView: ArrayBufferView, offset: number, length: number) =>
      device.read(new Uint8Array(heapView.buffer, heapView.byteOffset + offset, length)),
    write: (_stream: unknown, heapView: ArrayBufferView, offset: number, length: number) => {
      const bytes = new Uint8Array(heapView.buffer, heapView.byteOffset + offset, length);
      const written = device.write(bytes);
      if (written !== 'taken') {
        throw new FS.ErrnoError(writeErrors[written]);
      }
      return length;
    },
    llseek: () => 0,
  });
  FS.mkdev('/dev/rlm', number);
  FS.chdir('/work');
  if (typeof crypto === 'undefined') {
    Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues: randomValues } });
  }
}

/** A time zone file of one type, without transitions. Source: RFC 9636. */
function createUtcZone(): string {
  const zeros = (count: number): string => '\0'.repeat(count);
  const counts = ['\0', '\0', '\0', '\0', '\x01', '\x04'].map((count) => zeros(3) + count);
  return `TZif${zeros(16)}${counts.join('')}${zeros(6)}UTC\0`;
}

function addedModules(): Readonly<Record<string, Uint8Array>> {
  const encoder = new TextEncoder();
  return Object.fromEntries(
    Object.entries(missingModules).map(([name, source]) => [
      `added/${name}`,
      encoder.encode(source),
    ]),
  );
}

function refuseRequire(name: string): never {
  throw new Error(`No module ${name} here.`);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
