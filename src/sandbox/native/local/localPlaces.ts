// Backend `local`: a Python of this machine inside the sandbox of its system. Without that sandbox nothing runs.

import { execFile } from 'node:child_process';
import { mkdtemp, readlink, rm, stat } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { toRlmError } from '../../../core/errors';
import type { Language } from '../../../core/sandbox';
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
import { type FoundNode, findNode } from './findNode';
import { type FoundPython, findPython, listCandidates } from './findPython';
import { isAtOrAbove } from './placeFolders';
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

type LocalRequest = Omit<Extract<NativePlace, { kind: 'local' }>, 'kind'>;

export class LocalPlaces {
  readonly #bundles: string;
  /** What is there to run, by what was named. */
  readonly #found = new Map<string, Promise<FoundPlace>>();

  constructor(bundles: string) {
    this.#bundles = bundles;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE' with the command that would make it work. */
  async start(request: LocalRequest, language: Language): Promise<WorkerHandle> {
    const found = await this.find(request, language);
    const network = found.hasLoopback ? request.network : [];
    const { command, folder, dispose } = await found.prepare({ hasNetwork: network.length > 0 });
    const opened = SupervisedPlace.open({
      language,
      process: startPlaceProcess(command),
      payload: createGuestPayload({
        bundles: this.#bundles,
        language,
        node: found.node?.executable ?? '',
        processes: 'all',
        folder,
        folders: found.folders,
        environment: {
          ...createGuestEnvironment(folder, language, network),
          PATH: found.searchPath,
        },
        limits: found.limits,
        network: network.length > 0,
      }).framed,
      walls: toWalls(found, network),
      image: null,
      imageDigest: null,
      network: createNetworkProxy(network),
      onDispose: dispose,
    });
    return found.node === null ? opened : opened.catch((thrown) => refuseNode(found.node, thrown));
  }

  async probe(request: LocalRequest, language: Language): Promise<WorkerState> {
    const found = await this.find(request, language);
    const { python, node } = found;
    const detail =
      node === null
        ? `CPython ${python.version}, ${python.executable}`
        : `Node.js ${node.version}, ${node.executable}`;
    const walls = toWalls(found, request.network);
    return { detail, walls, image: null, imageDigest: null };
  }

  /** Tried once; what failed is tried again at the next call. @throws RlmError 'BACKEND_UNAVAILABLE' */
  find({ python, node }: LocalRequest, language: Language): Promise<FoundPlace> {
    const key = JSON.stringify([python, language === 'python' ? null : [node]]);
    const known = this.#found.get(key);
    if (known) {
      return known;
    }
    const finding = findPlace(python, language === 'python' ? null : findNode(node));
    this.#found.set(key, finding);
    finding.catch(() => this.#found.delete(key));
    return finding;
  }
}

function toWalls(
  { walls, hasLoopback }: FoundPlace,
  network: readonly string[],
): readonly string[] {
  const [program = '', ...others] = walls;
  return [program, toNetworkWall(hasLoopback ? network : []), ...others];
}

function refuseNode(node: FoundNode | null, thrown: unknown): never {
  throw createUnavailable(
    `${node?.executable ?? 'Node.js'} does not run inside the system's sandbox: ${toRlmError(thrown).message}`,
    'Name another Node.js in the setting rlm.node (RLM_NODE), or use backend wasm.',
  );
}

interface FoundPlace {
  readonly python: FoundPython;
  /** Only where it runs JavaScript. */
  readonly node: FoundNode | null;
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
async function findPlace(
  named: string | null,
  finding: Promise<FoundNode> | null,
): Promise<FoundPlace> {
  const node = await finding;
  const build = await chooseSandbox();
  const failures: unknown[] = [];
  for (const candidate of listCandidates(named)) {
    try {
      const place = await build(await findPython(candidate), node);
      await tryOut(place);
      return place;
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  throw toRlmError(failures.at(-1));
}

type BuildPlace = (python: FoundPython, node: FoundNode | null) => Promise<FoundPlace>;

async function chooseSandbox(): Promise<BuildPlace> {
  if (process.platform === 'linux') {
    const version = await readBubblewrapVersion();
    return (python, node) => createBubblewrapPlace({ python, node, version });
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

interface BubblewrapPlace {
  readonly python: FoundPython;
  readonly node: FoundNode | null;
  readonly version: string;
}

async function createBubblewrapPlace(parts: BubblewrapPlace): Promise<FoundPlace> {
  const { python, node, version } = parts;
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
        folders: listFolders(python, node),
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
    node,
    walls: [`bubblewrap ${version}`, ...bubblewrapWalls],
    hasLoopback: true,
    folders: [workFolder, '/tmp', '/dev/shm'],
    limits: hasOwnCounts() ? { ...limits, RLIMIT_NPROC: maxProcesses } : limits,
    searchPath: [...listPrograms(python, node), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    prepare,
  };
}

async function createSeatbeltPlace(
  python: FoundPython,
  node: FoundNode | null,
): Promise<FoundPlace> {
  return {
    python,
    node,
    walls: ['Seatbelt', ...seatbeltWalls],
    hasLoopback: false,
    limits,
    folders: [],
    searchPath: [...listPrograms(python, node), '/usr/bin', '/bin'].join(':'),
    prepare: async ({ pythonArgs = bootstrapArgs }) => {
      const folder = await mkdtemp(path.join(tmpdir(), 'rlm-place-'));
      const { executable } = python;
      const folders = listFolders(python, node);
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

function listFolders(python: FoundPython, node: FoundNode | null): readonly string[] {
  const all = [...new Set([...python.folders, ...(node?.folders ?? [])])];
  return all.filter((one) => !all.some((other) => other !== one && isAtOrAbove(other, one))).sort();
}

/** Folders of the programs that were found. */
function listPrograms(python: FoundPython, node: FoundNode | null): readonly string[] {
  const programs = [python.executable, ...(node === null ? [] : [node.executable])];
  return programs.map((one) => path.dirname(one));
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
