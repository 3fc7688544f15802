// Which Python of this machine code runs on, and the folders that it needs: the one that was named, else the
// first that fits.

import { execFile } from 'node:child_process';
import { readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { createUnavailable } from '../unavailable';
import { findTooWide, isAtOrAbove } from './placeFolders';

export interface FoundPython {
  /** Of a virtual environment, the link in it: its packages are found by that. */
  readonly executable: string;
  readonly version: string;
  /** Folders outside /usr that it reads, none of them a home folder or above one. */
  readonly folders: readonly string[];
}

const probeTimeoutMs = 10_000;
const leastMinor = 11;
const probe = `
import json, sys
print(json.dumps({"executable": sys.executable, "version": sys.version.split()[0], "minor": sys.version_info[:2],
                  "prefixes": [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]}))`;
const probed = z.object({
  executable: z.string().min(1),
  version: z.string(),
  minor: z.tuple([z.number(), z.number()]),
  prefixes: z.array(z.string()),
});

const run = promisify(execFile);

/** In order of preference. `named`: by the user's setting, and then the only one. */
export function listCandidates(named: string | null): readonly string[] {
  return named === null ? ['python3', '/usr/bin/python3'] : [named];
}

/** @throws RlmError 'BACKEND_UNAVAILABLE' when it is none, is too old, or lies where nothing may be read. */
export async function findPython(candidate: string): Promise<FoundPython> {
  const found = await readPython(candidate);
  const [major, minor] = found.minor;
  if (major !== 3 || minor < leastMinor) {
    throw createUnavailable(
      `${candidate} is Python ${found.version}; backend local needs 3.${leastMinor} or later.`,
      'Name another one in the setting rlm.python (RLM_PYTHON).',
    );
  }
  const folders = await listFolders(found.executable, found.prefixes);
  const tooWide = findTooWide(folders);
  if (tooWide !== undefined) {
    throw createUnavailable(
      `${candidate} is installed in ${tooWide}, and code would read all that lies below.`,
      'Make a virtual environment (python3 -m venv FOLDER) and name FOLDER/bin/python in rlm.python (RLM_PYTHON).',
    );
  }
  return { executable: found.executable, version: found.version, folders };
}

async function readPython(candidate: string): Promise<z.infer<typeof probed>> {
  try {
    const { stdout } = await run(candidate, ['-I', '-c', probe], {
      timeout: probeTimeoutMs,
      encoding: 'utf8',
      cwd: '/',
    });
    return probed.parse(JSON.parse(stdout));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw createUnavailable(
      `${candidate} is no Python that runs here: ${why}.`,
      'Install Python 3 (apt install python3), or name one in the setting rlm.python (RLM_PYTHON).',
    );
  }
}

/** Its prefixes, and those of every link on the way to its program. */
async function listFolders(
  executable: string,
  prefixes: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const prefix of prefixes) {
    found.add(prefix);
    found.add(await realpath(prefix).catch(() => prefix));
  }
  let program = executable;
  for (let hops = 0; hops < 20; hops += 1) {
    found.add(path.dirname(path.dirname(program)));
    const target = await readlink(program).catch(() => null);
    if (target === null) {
      break;
    }
    program = path.resolve(path.dirname(program), target);
  }
  const outside = [...found].filter((folder) => !isAtOrAbove('/usr', folder) && folder !== '/');
  return outside
    .filter((folder) => !outside.some((other) => other !== folder && isAtOrAbove(other, folder)))
    .sort();
}
