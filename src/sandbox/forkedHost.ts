// A sandbox server in a process of its own: forked behind the walls the runtime has, with an environment of
// next to nothing; its messages, its end, and what it wrote last.

import { type ChildProcess, fork } from 'node:child_process';
import { Socket } from 'node:net';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { RlmError } from '../core/errors';
import { Channel, type Link } from '../protocol/channel';
import { createFeedWriter } from '../protocol/contextFeed';
import type { EngineMethods, ProcessMethods } from '../protocol/sandboxProcess';
import { type SandboxHost, createEngineMethods, toWallNames } from './sandboxHost';

const startTimeoutMs = 20_000;
/** Of what a process that ended by itself wrote last. */
const maxLastWords = 4_000;
/**
 * Compiled code is kept until its module goes. Source: V8's registry of code pages loses one now and then when
 * code of WebAssembly is let go of while other threads make some, and ends the process, with all sessions
 * (nodejs/node issue 64500, `UnregisterWasmAllocation`).
 */
const runtimeFlags = ['--no-wasm-code-gc'];
/**
 * glibc gives threads heaps of their own, 8 a processor, and keeps in each what the workers that came and went
 * had freed: 430 MB after some thousand sessions. Two serve as well, since workers ask for little beside
 * their engine's own memory. Other allocators do not read it.
 */
const allocator = { MALLOC_ARENA_MAX: '2' };

interface ForkRequest {
  /** The build's `dist/sandbox`, and the bundle in it. */
  readonly folder: string;
  readonly entry: string;
  /** The runtime's flags. */
  readonly walls: readonly string[];
  /** Its workers are programs of this machine, or of another one. */
  readonly isNative: boolean;
  readonly onEnd: (host: SandboxHost, reason: string) => void;
  /** After the end, where it wrote anything. */
  readonly onLastWords: (host: SandboxHost, words: string) => void;
}

export async function forkHost(request: ForkRequest): Promise<SandboxHost> {
  const { folder, entry, walls, isNative } = request;
  const child = fork(path.join(folder, entry), [], {
    execArgv: [...runtimeFlags, ...walls, ...(walls.length > 0 ? ['--no-warnings'] : [])],
    cwd: folder, // not the engine's: that is the user's, and would be held open
    env: createEnvironment(isNative ? nativeVariables : []),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    windowsHide: true,
  });
  const readLastWords = keepLastWords(child);
  await waitUntilReady(child);
  const host = createHost(child, request);
  child.once('exit', (code, killSignal) => {
    request.onEnd(host, `its process ended (${killSignal ?? `code ${code}`})`);
  });
  child.once('close', () => {
    const words = readLastWords();
    if (words !== '') {
      request.onLastWords(host, words);
    }
  });
  return host;
}

/** Of a child that is ready; it keeps the engine's process open only while it is held. */
function createHost(child: ChildProcess, { walls, isNative }: ForkRequest): SandboxHost {
  const sandboxes: SandboxHost['sandboxes'] = new Map();
  const pipe = child.stdio[4] as Writable; // 'pipe' above
  pipe.on('error', () => undefined); // the exit says it
  const channel = new Channel<EngineMethods, ProcessMethods>(
    createLink(child),
    createEngineMethods(sandboxes),
  );
  let holders = 0;
  const host: SandboxHost = {
    placement: 'process',
    walls,
    wallNames: isNative ? [] : toWallNames(walls),
    channel,
    feed: createFeedWriter(pipe),
    sandboxes,
    hold: () => {
      holders += 1;
      child.channel?.ref();
    },
    release: () => {
      holders -= 1;
      if (holders === 0) {
        child.channel?.unref();
      }
    },
    isHeld: () => holders > 0,
    stop: () => {
      channel.dispose();
      child.kill();
    },
  };
  child.unref();
  child.channel?.unref();
  unrefPipe(pipe);
  return host;
}

/** The runtime's permission flags. Source: Node's documentation of `--permission`, by version. */
export function readWalls(folder: string): readonly string[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isStable = major >= 24 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  const flag = isStable ? '--permission' : '--experimental-permission';
  return [flag, '--allow-worker', `--allow-fs-read=${path.join(folder, '*')}`];
}

/**
 * What programs of this machine are found by, container programs find their server by, and whom TLS trusts beside the
 * usual authorities. No keys.
 */
const nativeVariables: readonly string[] = [
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'PATH',
  'HOME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'DBUS_SESSION_BUS_ADDRESS',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  'CONTAINER_HOST',
  'CONTAINERS_CONF',
  'SSH_AUTH_SOCK',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'ProgramFiles',
  'SystemDrive',
  'TEMP',
  'TMP',
  'PATHEXT',
  'COMSPEC',
];

function createEnvironment(names: readonly string[]): Record<string, string> {
  const environment: Record<string, string> = { ...allocator };
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) {
      environment[name] = value;
    }
  }
  const systemRoot = process.env['SystemRoot'];
  if (process.platform === 'win32' && systemRoot !== undefined) {
    environment['SystemRoot'] = systemRoot; // Windows' own libraries need it to load
  }
  if (process.versions['electron'] !== undefined) {
    environment['ELECTRON_RUN_AS_NODE'] = '1';
  }
  return environment;
}

/** The end of what it writes to stderr, which only the runtime itself does. */
function keepLastWords({ stderr }: ChildProcess): () => string {
  let words = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-maxLastWords);
  });
  if (stderr instanceof Socket) {
    stderr.unref();
  }
  return () => words.trim();
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      finish();
    };
    const fail = (reason: string): void =>
      settle(() => {
        child.on('error', () => undefined);
        child.kill('SIGKILL');
        reject(new RlmError('SANDBOX_EXEC_ERROR', reason, { nextStep: 'See rlm_status.' }));
      });
    const timer = setTimeout(() => fail('it took too long'), startTimeoutMs);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it ended with code ${code}`));
    child.once('message', () => settle(resolve));
  });
}

function createLink(child: ChildProcess): Link {
  return {
    send: (message) => {
      child.send(message as object, () => undefined); // a failed send is followed by the exit
    },
    onMessage: (listener) => {
      child.on('message', listener);
    },
    // At the exit and not before: what fails with it must find that a new process is to be started.
    onClose: (listener) => {
      child.on('exit', () => listener('the sandbox process has ended'));
      child.on('disconnect', () => child.kill('SIGKILL')); // it cannot be reached any more
    },
  };
}

function unrefPipe(pipe: Writable): void {
  if (pipe instanceof Socket) {
    pipe.unref();
  }
}
