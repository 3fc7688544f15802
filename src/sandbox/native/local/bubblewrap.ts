// The walls that bubblewrap builds around a Python of this machine: namespaces of its own, a system that is
// only read, no network, and memory for its files. One pure function from what is there to the arguments.

import type { PlaceUser } from '../placeProcess';

/** The only folder that code may write to, beside /tmp and shared memory. */
export const workFolder = '/work';

export interface BubblewrapOptions {
  readonly python: string;
  /** Folders that the interpreter needs beside /usr. */
  readonly folders: readonly string[];
  /** Top folders of this system as links into /usr (name → target), or as folders of their own. */
  readonly links: Readonly<Record<string, string>>;
  readonly topFolders: readonly string[];
  /** Of each file system that may be written to. */
  readonly fileBytes: number;
  /** By its supervisor's loopback port: programs then need to know whom to trust. */
  readonly hasNetwork: boolean;
  readonly pythonArgs: readonly string[];
}

/** Of /etc what programs need to find their libraries; nothing that names this machine or its people. */
const systemFiles = [
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/alternatives',
];

/** Certificates of public authorities. */
const certificateFiles = [
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/tls/certs',
  '/etc/pki/tls/cert.pem',
  '/etc/pki/ca-trust/extracted',
];

/** Whoever runs the engine as root does not run code as root. */
export const unprivileged: PlaceUser = { uid: 65_534, gid: 65_534 };

/** Beside that of its network. */
export const bubblewrapWalls: readonly string[] = [
  'system only read',
  'files in memory',
  'processes of its own',
  'no privileges',
];

export function createBubblewrapArgs(options: BubblewrapOptions): readonly string[] {
  const { python, folders, links, topFolders, fileBytes, hasNetwork, pythonArgs } = options;
  const shownFiles = hasNetwork ? [...systemFiles, ...certificateFiles] : systemFiles;
  const files = (folder: string): string[] => ['--size', String(fileBytes), '--tmpfs', folder];
  return [
    '--unshare-user',
    '--unshare-ipc',
    '--unshare-pid',
    '--unshare-net',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--disable-userns',
    ...['--hostname', 'sandbox'],
    '--die-with-parent',
    '--new-session',
    '--as-pid-1',
    '--clearenv',
    ...['--ro-bind', '/usr', '/usr'],
    ...Object.entries(links).flatMap(([name, target]) => ['--symlink', target, name]),
    ...topFolders.flatMap((folder) => ['--ro-bind', folder, folder]),
    ...shownFiles.flatMap((file) => ['--ro-bind-try', file, file]),
    ...['--proc', '/proc'],
    ...['--dev', '/dev'],
    ...files('/dev/shm'),
    ...['--remount-ro', '/dev'],
    ...files('/tmp'),
    ...files(workFolder),
    // After those, which would hide a Python that is installed below them.
    ...folders.flatMap((folder) => ['--ro-bind', folder, folder]),
    ...['--remount-ro', '/'],
    ...['--chdir', workFolder],
    '--',
    python,
    ...pythonArgs,
  ];
}
