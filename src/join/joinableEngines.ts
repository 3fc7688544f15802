// The running engines of a home that a client can be joined to, with the token that opens each.

import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { type EngineEndpoint, listEngines } from '../store/engineFile';
import type { Home } from '../store/home';

export interface JoinableEngine {
  readonly engineId: string;
  readonly pid: number;
  readonly url: URL;
  readonly token: string;
  /** The endpoint file. */
  readonly file: string;
}

const loopbackNames: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Longest running first. Endpoint files that others may touch, and those that name another machine,
 * are left out and logged: a token is sent to nobody but an engine of this user on this machine.
 */
export async function listJoinableEngines(
  home: Home,
  log: (line: string) => void,
): Promise<readonly JoinableEngine[]> {
  const joinable: JoinableEngine[] = [];
  for (const endpoint of await listEngines(home)) {
    const engine = endpoint.takesClients ? await toReachable(home, endpoint, log) : null;
    if (engine) {
      joinable.push(engine);
    }
  }
  return joinable;
}

/** An engine that runs, whoever it is for. */
export interface RunningEngine {
  readonly pid: number;
  /** Null: it takes no calls from other programs, or its file is not to be trusted. */
  readonly endpoint: JoinableEngine | null;
}

/** The engine that holds something; null: it runs no more. */
export async function findRunningEngine(
  home: Home,
  engineId: string,
  log: (line: string) => void,
): Promise<RunningEngine | null> {
  const found = (await listEngines(home)).find((one) => one.engineId === engineId);
  return found ? { pid: found.pid, endpoint: await toReachable(home, found, log) } : null;
}

async function toReachable(
  home: Home,
  endpoint: EngineEndpoint,
  log: (line: string) => void,
): Promise<JoinableEngine | null> {
  const { engineId, pid, token, url } = endpoint;
  if (url === null || token === null) {
    return null;
  }
  const file = path.join(home.engines, `${engineId}.json`);
  const fault = findAddressFault(url) ?? (await findFileFault(file, endpoint));
  if (fault !== null) {
    log(`The engine of ${file} is not joined: ${fault}.`);
    return null;
  }
  return { engineId, pid, url: new URL(url), token, file };
}

function findAddressFault(address: string): string | null {
  const url = new URL(address);
  if (url.protocol !== 'http:' || url.username !== '' || url.password !== '') {
    return 'its address is not plain HTTP';
  }
  return loopbackNames.includes(url.hostname) ? null : 'its address is not on this machine';
}

/** The folder is the owner's alone, so nobody else can swap the file between the two looks at it. */
async function findFileFault(file: string, { pid }: EngineEndpoint): Promise<string | null> {
  if (process.platform === 'win32') {
    return null; // the profile folder's access list decides there
  }
  const info = await lstat(file).catch(() => null);
  if (!info?.isFile()) {
    return `the file of process ${pid} is gone or no plain file`;
  }
  if (info.uid !== process.getuid?.()) {
    return 'another user owns the file';
  }
  const mode = info.mode & 0o777;
  return (mode & 0o077) === 0 ? null : `others may touch the file (mode ${mode.toString(8)})`;
}
