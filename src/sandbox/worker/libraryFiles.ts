// A file system that is only read: the guest's standard library, whose bytes all Python workers share. It
// has no operation that writes, so nothing a guest calls can reach those bytes.

/** What we use of emscripten's FS object. Source: its documented File System API and glue. */
export interface MountingFiles {
  readonly ErrnoError: new (errno: number) => Error;
  createNode(parent: LibraryNode | null, name: string, mode: number, dev: number): LibraryNode;
  mount(type: { mount(): LibraryNode }, options: object, path: string): unknown;
  mkdirTree(path: string): void;
}

interface LibraryNode {
  readonly id: number;
  readonly mode: number;
  node_ops: object;
  stream_ops: object;
}

interface LibraryStream {
  readonly node: LibraryNode;
  readonly position: number;
}

/** The attributes that `stat` answers with, as emscripten names them. */
interface Attributes {
  readonly ino: number;
  readonly mode: number;
  readonly size: number;
}

// WASI's error numbers.
const einval = 28;
const enoent = 44;
const erofs = 69;

const folderMode = 0o040555;
const fileMode = 0o100444;
const blockBytes = 4_096;

/** Mounts `contents`, path below `folder` → bytes. The bytes are never copied and never written to. */
export function mountLibrary(
  files: MountingFiles,
  folder: string,
  contents: Readonly<Record<string, Uint8Array>>,
): void {
  files.mkdirTree(folder);
  files.mount({ mount: () => createTree(files, contents) }, {}, folder);
}

function createTree(
  files: MountingFiles,
  contents: Readonly<Record<string, Uint8Array>>,
): LibraryNode {
  const root = createFolder(files, null, '/');
  const folders = new Map([['', root]]);
  for (const [path, bytes] of Object.entries(contents)) {
    const names = path.split('/');
    const name = names.pop() ?? '';
    let parent = root;
    for (const [depth, folder] of names.entries()) {
      const at = names.slice(0, depth + 1).join('/');
      const known = folders.get(at) ?? createFolder(files, parent, folder);
      folders.set(at, known);
      parent = known;
    }
    addFile(files, { parent, name }, bytes);
  }
  return root;
}

/** What each folder holds. */
const names = new WeakMap<LibraryNode, string[]>();

function createFolder(files: MountingFiles, parent: LibraryNode | null, name: string): LibraryNode {
  const node = files.createNode(parent, name, folderMode, 0);
  const entries: string[] = [];
  names.set(node, entries);
  noteName(parent, name);
  node.node_ops = {
    ...createNodeOps(files, blockBytes),
    lookup: () => {
      throw new files.ErrnoError(enoent); // what is there is found before this is asked
    },
    readdir: () => ['.', '..', ...entries],
  };
  node.stream_ops = { llseek: createSeek(files, 0) };
  return node;
}

function addFile(
  files: MountingFiles,
  place: { readonly parent: LibraryNode; readonly name: string },
  bytes: Uint8Array,
): void {
  const node = files.createNode(place.parent, place.name, fileMode, 0);
  noteName(place.parent, place.name);
  node.node_ops = createNodeOps(files, bytes.length);
  node.stream_ops = {
    llseek: createSeek(files, bytes.length),
    read: (_stream: unknown, heap: Int8Array, offset: number, length: number, position: number) => {
      const part = bytes.subarray(position, position + length);
      heap.set(part, offset);
      return part.length;
    },
  };
}

function noteName(parent: LibraryNode | null, name: string): void {
  if (parent !== null) {
    names.get(parent)?.push(name);
  }
}

function createNodeOps(files: MountingFiles, size: number): object {
  const date = new Date(0);
  return {
    getattr: ({ id, mode }: LibraryNode): Attributes & Record<string, unknown> => ({
      ...{ dev: 1, ino: id, mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size },
      ...{ atime: date, mtime: date, ctime: date },
      ...{ blksize: blockBytes, blocks: Math.ceil(size / blockBytes) },
    }),
    setattr: () => {
      throw new files.ErrnoError(erofs);
    },
  };
}

function createSeek(files: MountingFiles, size: number) {
  return (stream: LibraryStream, offset: number, whence: number): number => {
    const position = offset + ([0, stream.position, size][whence] ?? Number.NaN);
    if (!(position >= 0)) {
      throw new files.ErrnoError(einval);
    }
    return position;
  };
}
