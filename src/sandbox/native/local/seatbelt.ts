// The walls that macOS builds around a Python by a Seatbelt profile: the same idea as bubblewrap's, without
// namespaces. Nothing here bounds memory: macOS holds a process to no such limit.

export interface SeatbeltOptions {
  readonly python: string;
  readonly folders: readonly string[];
  /** The only folder that may be written to: made for this place, and removed with it. */
  readonly folder: string;
  readonly pythonArgs: readonly string[];
}

export const seatbeltWalls: readonly string[] = [
  'system only read',
  'one folder to write to',
  'no limit of memory',
];

const systemFolders = [
  '/System',
  '/usr/lib',
  '/usr/share',
  '/usr/bin',
  '/bin',
  '/Library/Frameworks',
  '/Library/Developer/CommandLineTools',
  '/private/var/db/dyld',
  '/private/var/db/timezone',
];
const devices = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'];

export function createSeatbeltArgs(options: SeatbeltOptions): readonly string[] {
  const { python, folders, folder, pythonArgs } = options;
  const read = [...systemFolders, ...folders].map((path) => `(subpath ${quote(path)})`);
  const profile = [
    '(version 1)',
    '(deny default)',
    '(deny network*)',
    '(allow process-fork)',
    '(allow process-exec)',
    '(allow signal (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow file-read-metadata)',
    `(allow file-read* (literal "/") ${read.join(' ')})`,
    `(allow file-read* file-write-data ${devices.map((path) => `(literal ${quote(path)})`).join(' ')})`,
    `(allow file-read* file-write* (subpath ${quote(folder)}))`,
    '(allow ipc-posix-sem)',
    '(allow ipc-posix-shm)',
  ].join('\n');
  return ['-p', profile, python, ...pythonArgs];
}

/** A string of the profile's language. */
function quote(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
