// Where everything this product keeps on disk lives, for this user only.

import { chmod, mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { posix, resolve, win32 } from 'node:path';

import { ownerFolder } from '../base/ownerOnly';
import { RlmError } from '../core/errors';
import { finishRestore } from './finishRestore';
import { toStoreError } from './storeError';

export interface Home {
  readonly path: string;
  /** One folder per session. */
  readonly sessions: string;
  /** One file per running engine. */
  readonly engines: string;
  /** The user's recipes of agents. */
  readonly profiles: string;
}

interface HomeSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homedir: string;
}

/**
 * The absolute path of the home folder: RLM_HOME, else the platform's data folder. Touches nothing.
 * Source: XDG Base Directory Specification (a relative XDG_DATA_HOME is to be ignored).
 */
export function toHomePath({ env, platform, homedir }: HomeSurroundings): string {
  if (env['RLM_HOME']) {
    return resolve(env['RLM_HOME']);
  }
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'] || win32.join(homedir, 'AppData', 'Local');
    return win32.join(local, 'rlm-companion');
  }
  if (platform === 'darwin') {
    return posix.join(homedir, 'Library', 'Application Support', 'rlm-companion');
  }
  const given = env['XDG_DATA_HOME'];
  const data =
    given !== undefined && posix.isAbsolute(given) ? given : posix.join(homedir, '.local', 'share');
  return posix.join(data, 'rlm-companion');
}

/**
 * Creates what is missing of the home folder and shows that it can be written.
 * @throws RlmError 'INTERNAL_ERROR' naming the folder.
 */
export async function createHome(path: string): Promise<Home> {
  const home: Home = {
    path,
    sessions: resolve(path, 'sessions'),
    engines: resolve(path, 'engines'),
    profiles: resolve(path, 'profiles'),
  };
  try {
    // A folder that was there before keeps its mode: it may hold more than ours.
    await mkdir(home.path, { recursive: true, mode: ownerFolder });
    await finishRestore(home.path);
    for (const folder of [home.sessions, home.engines]) {
      await mkdir(folder, { recursive: true, mode: ownerFolder });
      await chmod(folder, ownerFolder);
    }
    await rmdir(await mkdtemp(resolve(home.engines, '.check-')));
  } catch (error) {
    throw toStoreError(error, `use ${path} as the home folder`);
  }
  return home;
}

/** Session and engine ids become names in the home folder, so nothing else may be in them. */
export function isId(id: string): boolean {
  return /^[A-Za-z0-9_-]{8,64}$/u.test(id);
}

/** @throws RlmError 'INVALID_INPUT' for an id that could leave the home folder. */
export function checkId(id: string): string {
  if (!isId(id)) {
    throw new RlmError('INVALID_INPUT', `"${id.slice(0, 80)}" is not an id.`, {
      nextStep: 'Use an id of 8 to 64 letters, digits, "-" and "_", as it was given out.',
    });
  }
  return id;
}
