// Backend `local`: a Python of this machine inside the sandbox of its system. Without that sandbox nothing runs.

import { execFile } from 'node:child_process';
import { mkdtemp, readlink, rm, stat } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { toRlmError } from '../../../core/errors';
import type { NativePlace } from '../../../protocol/sandboxProcess';
import type { WorkerHandle } from '../../workerHandle';
import type { WorkerState } from '../../workerPool';
import { bootstrapArgs, createGuestEnvironment, createGuestPayload } from '../guestPayload';
import { createNetworkProxy } from '../network/createNetworkProxy';
import { toNetworkWall } from '../network/wall';
import { type PlaceCommand, startPlaceProcess } from '../placeProcess';
import { SupervisedPlace } from '../supervisedPlace';
import { createUnavailable } from '../unavailable';
import { bubblewrapWalls, createBubblewrapArgs, unprivileged, workFolder } from './bubblewrap';
import { type FoundPython, findPython, listCandidates } from './findPython';
import { createSeatbeltArgs, seatbeltWalls } from './seatbelt';

const run = promisify(execFile);
const trialTimeoutMs = 10_000;
const mebibyte = 2 ** 20;
const fileBytes = 512 * mebibyte;
/** Of each process. Source: what numpy and pandas need, and some. */
const limits = {
  RLIMIT_CORE: 0,
  RLIMIT_NOFILE: 1_024,
  RLIMIT_FSIZE: fileBytes,
};
/** Counted in the sandbox's own namespace from Linux 5.14 on, and over all that the user runs before. */
const maxProcesses = 192;
/** `--size` and `--disable-userns`. Source: bubblewrap's release notes. */
const leastBubblewrap = [0, 8] as const;

export class LocalPlaces {
  /** What is there to run, by the Python that was named. */
  readonly #found = new Map<string | null, Promise<FoundPlace>>();

  /** @throws RlmError 'BACKEND_UNAVAILABLE' with the command that would make it work. */
  async start({ python, network: asked }: LocalRequest): Promise<WorkerHandle> {
    const found = await this.find(python);
    const network = found.hasLoopback ? asked : [];
    const { command, folder, dispose } = await found.prepare({ hasNetwork: network.length > 0 });
    return SupervisedPlace.open({
      process: startPlaceProcess(command),
      payload: createGuestPayload({
        processes: 'all',
        folder,
        folders: found.folders,
        environment: { ...createGuestEnvironment(folder, network), PATH: found.searchPath },
        limits: found.limits,
        network: network.length > 0,
      }).framed,
      walls: toWalls(found, network),
      image: null,
      imageDigest: null,
      network: createNetworkProxy(network),
      onDispose: dispose,
    });
  }

  async probe({ python, network }: LocalRequest): Promise<WorkerState> {
    const found = await this.find(python);
    const { version, executable } = found.python;
    return {
      detail: `CPython ${version}, ${executable}`,
      walls: toWalls(found, network),
      image: null,
      imageDigest: null,
    };
  }

  /** Tried once; what failed is tried again at the next call. @throws RlmError 'BACKEND_UNAVAILABLE' */
  find(python: string | null): Promise<FoundPlace> {
    const known = this.#found.get(python);
    if (known) {
      return known;
    }
    const finding = findPlace(python);
    this.#found.set(python, finding);
    finding.catch(() => this.#found.delete(python));
    return finding;
  }
}

type LocalRequest = Omit<Extract<NativePlace, { kind: 'local' }>, 'kind'>;

function toWalls(
  { walls, hasLoopback }: FoundPlace,
  network: readonly string[],
): readonly string[] {
  const [program = '', ...others] = walls;
  return [program, toNetworkWall(hasLoopback ? network : []), ...others];
}

interface FoundPlace {
  readonly python: FoundPython;
  /** Without that of its network. */
  readonly walls: readonly string[];
  /** A loopback of its own, at which its supervisor can listen. */
  readonly hasLoopback: boolean;
  readonly limits: Readonly<Record<string, number>>;
  /** In memory. */
  readonly folders: readonly string[];
  /** Of programs, for the code. */
  readonly searchPath: string;
  readonly prepare: (options: PrepareOptions) => Promise<PreparedPlace>;
}

interface PrepareOptions {
  readonly pythonArgs?: readonly string[];
  readonly hasNetwork: boolean;
}

interface PreparedPlace {
  readonly command: PlaceCommand;
  /** Where code may write. */
  readonly folder: string;
  readonly dispose: () => void;
}

/** The first Python that runs inside the system's sandbox. */
async function findPlace(named: string | null): Promise<FoundPlace> {
  const build = await chooseSandbox();
  const failures: unknown[] = [];
  for (const candidate of listCandidates(named)) {
    try {
      const place = await build(await findPython(candidate));
      await tryOut(place);
      return place;
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  throw toRlmError(failures.at(-1));
}

type BuildPlace = (python: FoundPython) => Promise<FoundPlace>;

async function chooseSandbox(): Promise<BuildPlace> {
  if (process.platform === 'linux') {
    const version = await readBubblewrapVersion();
    return (python) => createBubblewrapPlace(python, version);
  }
  if (process.platform === 'darwin') {
    return createSeatbeltPlace;
  }
  throw createUnavailable(
    `Backend local needs the sandbox of Linux or macOS; this is ${process.platform}.`,
    'Use backend wasm or container.',
  );
}

async function readBubblewrapVersion(): Promise<string> {
  const answer = await run('bwrap', ['--version'], { cwd: '/', timeout: trialTimeoutMs }).catch(
    () => null,
  );
  if (answer === null) {
    throw createUnavailable(
      'Backend local needs bubblewrap, which is not installed.',
      'Install it: apt install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora).',
    );
  }
  const version = answer.stdout.trim().split(' ').at(-1) ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === leastBubblewrap[0] && minor < leastBubblewrap[1]) {
    throw createUnavailable(
      `Backend local needs bubblewrap ${leastBubblewrap.join('.')} or later; this is ${version}.`,
      'Install a later one, or use backend container.',
    );
  }
  return version;
}

async function createBubblewrapPlace(python: FoundPython, version: string): Promise<FoundPlace> {
  const { links, topFolders } = await readTopFolders();
  const user = process.getuid?.() === 0 ? unprivileged : undefined;
  const prepare = async ({
    pythonArgs = bootstrapArgs,
    hasNetwork,
  }: PrepareOptions): Promise<PreparedPlace> => ({
    command: {
      file: 'bwrap',
      args: createBubblewrapArgs({
        python: python.executable,
        folders: python.folders,
        links,
        topFolders,
        fileBytes,
        hasNetwork,
        pythonArgs,
      }),
      env: { PATH: process.env['PATH'] ?? '' },
      user,
    },
    folder: workFolder,
    dispose: () => undefined,
  });
  return {
    python,
    walls: [`bubblewrap ${version}`, ...bubblewrapWalls],
    hasLoopback: true,
    folders: [workFolder, '/tmp', '/dev/shm'],
    limits: hasOwnCounts() ? { ...limits, RLIMIT_NPROC: maxProcesses } : limits,
    searchPath: `${path.dirname(python.executable)}:/usr/local/bin:/usr/bin:/bin`,
    prepare,
  };
}

async function createSeatbeltPlace(python: FoundPython): Promise<FoundPlace> {
  return {
    python,
    walls: ['Seatbelt', ...seatbeltWalls],
    hasLoopback: false,
    limits,
    folders: [],
    searchPath: `${path.dirname(python.executable)}:/usr/bin:/bin`,
    prepare: async ({ pythonArgs = bootstrapArgs }) => {
      const folder = await mkdtemp(path.join(tmpdir(), 'rlm-place-'));
      const { executable, folders } = python;
      return {
        command: {
          file: '/usr/bin/sandbox-exec',
          args: createSeatbeltArgs({ python: executable, folders, folder, pythonArgs }),
          env: {},
        },
        folder,
        dispose: () => void rm(folder, { recursive: true, force: true }).catch(() => undefined),
      };
    },
  };
}

/** A sandbox may be there and not allowed to be built: only a trial tells. */
async function tryOut(place: FoundPlace): Promise<void> {
  const { command, dispose } = await place.prepare({
    pythonArgs: ['-I', '-S', '-c', 'pass'],
    hasNetwork: false,
  });
  const { file, args, env, user } = command;
  try {
    await run(file, args, { cwd: '/', env, timeout: trialTimeoutMs, ...user });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw createUnavailable(
      `${place.python.executable} does not run inside the system's sandbox: ${said.slice(0, 500) || String(error).slice(0, 500)}.`,
      'Name another Python in the setting rlm.python (RLM_PYTHON); where user namespaces are switched off, allow bubblewrap to make them, or use backend container.',
    );
  } finally {
    dispose();
  }
}

/** What of the top of the file system are links into /usr, and what folders of their own. */
async function readTopFolders() {
  const links: Record<string, string> = {};
  const topFolders: string[] = [];
  for (const folder of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    const target = await readlink(folder).catch(() => null);
    if (target !== null) {
      links[folder] = target;
    } else if (await stat(folder).catch(() => null)) {
      topFolders.push(folder);
    }
  }
  return { links, topFolders };
}

function hasOwnCounts(): boolean {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 14);
}
