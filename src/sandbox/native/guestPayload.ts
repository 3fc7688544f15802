// What the first Python of a place is given: a short program on its command line, and the guest's files over
// its stdin. So nothing is mounted, and any system with a Python will do.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NetworkRules } from '../../core/networkRules';
import type { Language } from '../../core/sandbox';
import { createGuestModules } from '../worker/guestModules';
import bootstrap from './guest/bootstrap.py';
import courier from './guest/courier.guest.txt';
import device from './guest/device.py';
import eventLoop from './guest/eventLoop.py';
import files from './guest/files.py';
import network from './guest/network.py';
import nodeStart from './guest/nodeStart.guest.txt';
import pod from './guest/pod.py';
import shell from './guest/shell.py';
import start from './guest/start.py';
import supervisor from './guest/supervisor.py';
import systemCalls from './guest/systemCalls.py';
import terminal from './guest/terminal.py';

/** What a shell becomes where the first Python is at a terminal; it reads `payload.json` beside it. */
export const terminalProgram: string = terminal;

/** Flags of the first Python: nothing of its surroundings, no site packages. */
export const bootstrapArgs: readonly string[] = ['-I', '-S', '-B', '-u', '-c', bootstrap];
/** In a pod, whose stdin and stdout are reached over a network. */
export const podArgs: readonly string[] = ['-I', '-S', '-B', '-u', '-c', pod];

export interface GuestOptions {
  readonly language: Language;
  /** Holds the bundle of the guest on Node. */
  readonly bundles: string;
  /** What runs JavaScript: a path, or the name of a program of the place. */
  readonly node: string;
  /** Where code begins and its files lie: a folder of the place that it may write to. */
  readonly folder: string;
  /** File systems in memory, of which only this place uses anything. */
  readonly folders: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Of each process: name of the system's limit → value. */
  readonly limits: Readonly<Record<string, number>>;
  /** The session's: all of a process namespace, or what descends from its supervisor. */
  readonly processes: 'all' | 'descendants';
  /** Whether its supervisor listens on the loopback port of network.py. */
  readonly network: boolean;
}

/** What a pod's first Python is told beside that. */
export interface PodOptions {
  /** In hex: by which what it sends is veiled. */
  readonly key: string;
  /** Seconds without a byte of the host after which it ends. */
  readonly patience: number;
  /** The cluster's network must not be reached; tried so often, since a policy may come after its pod. */
  readonly closed: boolean;
  readonly tries: number;
}

export interface GuestPayload {
  readonly json: string;
  /** With its length in 16 digits before it. */
  readonly framed: Buffer;
}

const modules = createGuestModules({ device, eventLoop });

/** Of the interpreter: no user packages, no compiled files, nothing held back, UTF-8 whatever the locale. */
const pythonFlags = ['-s', '-B', '-u', '-X', 'utf8'];
/** Of the interpreter: what promises have come to can be read, and the memory is bounded by its supervisor. */
const nodeFlags = ['--expose-internals', '--max-old-space-size=4096'];

export function createGuestPayload(given: GuestOptions, inPod?: PodOptions): GuestPayload {
  const { language, bundles, node, ...options } = given;
  const interpreter =
    language === 'python'
      ? { start, modules, given: { interpreter: 'python', program: '', flags: pythonFlags } }
      : {
          start: nodeStart,
          modules: { guest: readNodeGuest(bundles), courier },
          given: { interpreter: 'node', program: node, flags: nodeFlags },
        };
  const payload = {
    ...{ systemCalls, files, shell, network, supervisor },
    start: interpreter.start,
    modules: interpreter.modules,
    options: { ...interpreter.given, ...options },
    ...(inPod && { terminal, pod: inPod }),
  };
  const json = JSON.stringify(payload);
  const body = Buffer.from(json);
  return { json, framed: Buffer.concat([Buffer.from(String(body.length).padStart(16)), body]) };
}

const guests = new Map<string, string>();

function readNodeGuest(bundles: string): string {
  const guest = guests.get(bundles) ?? readFileSync(path.join(bundles, 'nodeGuest.js'), 'utf8');
  guests.set(bundles, guest);
  return guest;
}

/**
 * What code finds in its environment, whatever the engine's holds. `network`: where it may connect to, if
 * anywhere, by the proxy at the supervisor's loopback port.
 */
export function createGuestEnvironment(
  folder: string,
  language: Language,
  network: readonly string[] = [],
): Readonly<Record<string, string>> {
  const threads = { OPENBLAS_NUM_THREADS: '4', OMP_NUM_THREADS: '4', MKL_NUM_THREADS: '4' };
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: folder,
    TMPDIR: folder,
    LANG: language === 'python' ? 'C.UTF-8' : 'en_US.UTF-8', // on Node it decides how numbers and dates are written
    TZ: 'UTC',
    PYTHONHASHSEED: '0', // sets come in the same order when a record is run again
    MPLBACKEND: 'Agg', // there is no display
    ...threads,
    ...(network.length > 0 && createProxyEnvironment(network)),
  };
}

/** Of the supervisor's network.py. */
const proxyUrl = 'http://127.0.0.1:3128';
const ownHosts = ['localhost', '127.0.0.1', '::1'];

/** Programs know one spelling or the other. What code serves itself goes by no proxy, unless the user means the host's. */
function createProxyEnvironment(network: readonly string[]): Readonly<Record<string, string>> {
  const rules = new NetworkRules(network);
  const direct = ownHosts.filter((host) => !rules.names(host)).join(',');
  return {
    ...{ HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl, NO_PROXY: direct },
    ...{ http_proxy: proxyUrl, https_proxy: proxyUrl, no_proxy: direct },
    NODE_USE_ENV_PROXY: '1',
  };
}
