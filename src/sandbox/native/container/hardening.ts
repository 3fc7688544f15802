// The walls of a container, as arguments that docker and podman share and as a request of their servers. Pure functions: what it leaves out
// (mounts, devices, a network, privileges, a terminal, the log of the output) a container does not get.

export interface ContainerOptions {
  /** By its id: what was looked at is what runs. */
  readonly imageId: string;
  readonly name: string;
  /** By which a later engine knows whose it was. */
  readonly owner: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly maxProcesses: number;
  /** Of each file system that may be written to; all of them count as memory. */
  readonly fileBytes: number;
  readonly pythonArgs: readonly string[];
}

export const containerLabel = 'rlm-companion.owner';
/** No image has it: over a folder of an image a file system in memory takes that folder's owner. Source: podman 4.3. */
export const containerFolder = '/work';
const user = '65532:65532';
/**
 * Programs and servers of containers put their own user's proxies into each container, with what opens them, unless
 * they are told otherwise. Source: docker's `proxies` in config.json; podman-run, `--http-proxy`.
 */
const noProxies: readonly string[] = [
  'http_proxy',
  'https_proxy',
  'ftp_proxy',
  'all_proxy',
  'no_proxy',
]
  .flatMap((name) => [name, name.toUpperCase()])
  .map((name) => `${name}=`);

/** Beside that of its network. */
export const containerWalls: readonly string[] = [
  'system only read',
  'files in memory',
  'processes of its own',
  'no privileges',
  'limits of memory, processors and processes',
];

export function createContainerArgs(options: ContainerOptions): readonly string[] {
  const { imageId, memoryBytes, fileBytes } = options;
  return [
    'run',
    '--rm',
    '--interactive',
    ...['--pull', 'never'],
    ...['--name', options.name],
    ...['--label', `${containerLabel}=${options.owner}`],
    ...['--hostname', 'sandbox'],
    ...['--network', 'none'],
    '--read-only',
    ...['--tmpfs', `${containerFolder}:rw,size=${fileBytes},mode=1777`],
    ...['--tmpfs', `/tmp:rw,size=${fileBytes},mode=1777`],
    ...['--shm-size', String(fileBytes)],
    ...['--user', user],
    ...['--cap-drop', 'ALL'],
    ...['--security-opt', 'no-new-privileges'],
    ...['--pids-limit', String(options.maxProcesses)],
    ...['--memory', String(memoryBytes)],
    ...['--memory-swap', String(memoryBytes)],
    ...['--cpus', String(options.cpus)],
    ...['--ulimit', 'nofile=1024:1024'],
    ...['--ulimit', 'core=0:0'],
    // Counted over all containers of this user id; podman's own choice may be more than is allowed to be set.
    ...['--ulimit', 'nproc=4096:4096'],
    ...['--log-driver', 'none'], // the output is the protocol, and holds what code prints
    '--init=false', // the supervisor is the first process
    ...noProxies.flatMap((variable) => ['--env', variable]),
    ...['--workdir', containerFolder],
    ...['--entrypoint', 'python3'],
    imageId,
    ...options.pythonArgs,
  ];
}

/** The same, for a server of containers. */
export function createContainerRequest(options: ContainerOptions): object {
  const { memoryBytes, fileBytes } = options;
  return {
    Image: options.imageId,
    Hostname: 'sandbox',
    User: user,
    Env: noProxies,
    Labels: { [containerLabel]: options.owner },
    WorkingDir: containerFolder,
    Entrypoint: ['python3'],
    Cmd: options.pythonArgs,
    ...{ OpenStdin: true, StdinOnce: true, Tty: false },
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true },
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      Tmpfs: {
        [containerFolder]: `rw,size=${fileBytes},mode=1777`,
        '/tmp': `rw,size=${fileBytes},mode=1777`,
      },
      ShmSize: fileBytes,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: options.maxProcesses,
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NanoCpus: options.cpus * 1_000_000_000,
      Ulimits: [
        { Name: 'nofile', Soft: 1_024, Hard: 1_024 },
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nproc', Soft: 4_096, Hard: 4_096 },
      ],
      LogConfig: { Type: 'none' },
      Init: false,
    },
  };
}
