// Caps what a Python guest can keep in its in-memory file system, which lives outside the WebAssembly
// heap: bytes in files and pipes, the number of files, pipes and open files, and the length of paths.

/** What we use of emscripten's FS object. Source: its documented File System API and glue. */
export interface EmscriptenFiles {
  readonly ErrnoError: new (errno: number) => Error;
  readonly filesystems: { readonly MEMFS: MemoryFiles };
  readonly streams: readonly (EmscriptenStream | null | undefined)[];
  MAX_OPEN_FDS: number;
  // Functions that need no `this`.
  cwd: () => string;
  lookupPath: (path: string, options?: object) => { readonly node?: FileNode };
  createStream: (stream: EmscriptenStream, fd?: number) => EmscriptenStream;
  closeStream: (fd: number) => void;
  createNode: (...args: readonly unknown[]) => FileNode;
  destroyNode: (node: FileNode) => void;
  symlink: (target: string, path: string) => FileNode;
  rename: (from: string, to: string) => void;
}

interface MemoryFiles {
  /** Two copies of the same functions: `msync` calls the first, all else the second. */
  readonly stream_ops: StreamOps;
  readonly ops_table: { readonly file: { readonly stream: StreamOps } };
  expandFileStorage(node: FileNode, capacity: number): void;
  resizeFileStorage(node: FileNode, size: number): void;
}

interface FileNode {
  /** Bytes, as whichever view the file system has just made; names to nodes in a folder. */
  readonly contents?: ArrayBufferView | object | null;
  /** Both ends of a pipe have the same. */
  readonly pipe?: object;
}

interface EmscriptenStream {
  readonly node: FileNode;
  readonly stream_ops?: StreamOps;
}

interface StreamOps {
  write?: StreamOp;
  read?: StreamOp;
}

/** emscripten's own order of arguments: stream, buffer, offset, length, position. */
type StreamOp = (...args: readonly [EmscriptenStream, ...unknown[]]) => number;

export interface FileQuota {
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly maxOpenFiles: number;
  readonly maxPathChars: number;
}

// WASI's error numbers.
const emfile = 33;
const enametoolong = 37;
const enospc = 51;

/** Installs the caps; files that exist already are not counted until they are written to. */
export function limitFiles(files: EmscriptenFiles, quota: FileQuota): void {
  const ledger = new Ledger(files, quota.maxBytes);
  limitFileBytes(files.filesystems.MEMFS, ledger);
  limitPaths(files, quota.maxPathChars);
  limitNodes(files, ledger, quota);
}

/** Who holds how many bytes: a file's node, or a pipe. */
class Ledger {
  readonly #files: EmscriptenFiles;
  readonly #maxBytes: number;
  readonly #held = new Map<object, number>();
  #total = 0;

  constructor(files: EmscriptenFiles, maxBytes: number) {
    this.#files = files;
    this.#maxBytes = maxBytes;
  }

  held(owner: object): number {
    return this.#held.get(owner) ?? 0;
  }

  /** @throws ErrnoError when `owner` may not hold that many. */
  check(owner: object, bytes: number): void {
    if (this.#total - this.held(owner) + bytes > this.#maxBytes) {
      throw new this.#files.ErrnoError(enospc);
    }
  }

  set(owner: object, bytes: number): void {
    this.#total += bytes - this.held(owner);
    if (bytes > 0) {
      this.#held.set(owner, bytes);
    } else {
      this.#held.delete(owner);
    }
  }

  /** Runs what may make the file's storage `bytes` long, and notes what it has become. */
  during<T>(node: FileNode, bytes: number, run: () => T): T {
    this.check(node, bytes);
    try {
      return run();
    } finally {
      this.set(node, sizeOf(node));
    }
  }
}

function limitFileBytes(memory: MemoryFiles, ledger: Ledger): void {
  const expand = memory.expandFileStorage.bind(memory);
  memory.expandFileStorage = (node, capacity) => {
    const size = sizeOf(node);
    // The file system grows a file by an eighth at least, and doubles small ones.
    const grown = size < 1_048_576 ? size * 2 : size * 1.125;
    const needed = capacity > size ? Math.max(capacity, grown) : size;
    ledger.during(node, needed, () => expand(node, capacity));
  };
  const resize = memory.resizeFileStorage.bind(memory);
  memory.resizeFileStorage = (node, size) => ledger.during(node, size, () => resize(node, size));
  for (const operations of [memory.stream_ops, memory.ops_table.file.stream]) {
    const write = operations.write?.bind(operations);
    operations.write = (...args) => {
      const { node } = args[0];
      const needed = Math.max(Number(args[3]) + Number(args[4]), sizeOf(node));
      return ledger.during(node, needed, () => write?.(...args) ?? 0);
    };
  }
}

/** Names are strings on the worker's own heap. */
function limitPaths(files: EmscriptenFiles, maxChars: number): void {
  const check = (...paths: readonly string[]): void => {
    if (paths.some((path) => path.length + files.cwd().length > maxChars)) {
      throw new files.ErrnoError(enametoolong);
    }
  };
  const { lookupPath, symlink, rename } = files;
  files.lookupPath = (path, options) => {
    check(path);
    return lookupPath(path, options);
  };
  files.symlink = (target, path) => {
    check(target, path);
    return symlink(target, path);
  };
  files.rename = (from, to) => {
    check(from, to);
    rename(from, to);
  };
}

/** Files and pipes are counted until they are removed and no longer open. */
function limitNodes(files: EmscriptenFiles, ledger: Ledger, quota: FileQuota): void {
  const removed = new Set<FileNode>();
  const limitedPipes = new WeakSet<StreamOps>();
  let count = 0;
  const isOpen = (owner: object): boolean =>
    files.streams.some((stream) => stream?.node === owner || stream?.node.pipe === owner);
  const remove = (node: FileNode): void => {
    if (isOpen(node)) {
      removed.add(node);
    } else {
      removed.delete(node);
      count -= 1;
      ledger.set(node, 0);
    }
  };

  const { createNode, destroyNode, createStream, closeStream, rename } = files;
  files.createNode = (...args) => {
    if (count >= quota.maxFiles) {
      throw new files.ErrnoError(enospc);
    }
    count += 1;
    return createNode(...args);
  };
  files.destroyNode = (node) => {
    destroyNode(node);
    remove(node);
  };
  files.rename = (from, to) => {
    const replaced = findNode(files, to);
    rename(from, to);
    if (replaced && findNode(files, to) !== replaced) {
      remove(replaced);
    }
  };
  files.MAX_OPEN_FDS = quota.maxOpenFiles;
  files.createStream = (stream, fd = -1) => {
    if (fd >= quota.maxOpenFiles) {
      throw new files.ErrnoError(emfile);
    }
    if (stream.node.pipe && stream.stream_ops && !limitedPipes.has(stream.stream_ops)) {
      limitedPipes.add(stream.stream_ops);
      limitPipeBytes(stream.stream_ops, ledger);
    }
    return createStream(stream, fd);
  };
  files.closeStream = (fd) => {
    const node = files.streams[fd]?.node;
    closeStream(fd);
    if (node?.pipe) {
      if (!isOpen(node)) {
        files.destroyNode(node); // nothing else ever does
      }
      if (!isOpen(node.pipe)) {
        ledger.set(node.pipe, 0);
      }
    } else if (node && removed.has(node)) {
      remove(node);
    }
  };
}

/** The operations are one object for all pipes, met with the first of them. */
function limitPipeBytes(operations: StreamOps, ledger: Ledger): void {
  const write = operations.write?.bind(operations);
  const read = operations.read?.bind(operations);
  operations.write = (...args) => {
    const pipe = args[0].node.pipe ?? operations;
    const bytes = ledger.held(pipe) + Number(args[3]);
    ledger.check(pipe, bytes);
    const written = write?.(...args) ?? 0;
    ledger.set(pipe, bytes);
    return written;
  };
  operations.read = (...args) => {
    const pipe = args[0].node.pipe ?? operations;
    const taken = read?.(...args) ?? 0;
    ledger.set(pipe, ledger.held(pipe) - taken);
    return taken;
  };
}

function findNode(files: EmscriptenFiles, path: string): FileNode | undefined {
  try {
    return files.lookupPath(path).node;
  } catch {
    return undefined;
  }
}

function sizeOf(node: FileNode): number {
  return ArrayBuffer.isView(node.contents) ? node.contents.byteLength : 0;
}
