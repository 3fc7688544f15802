// Which Node.js of this machine runs JavaScript, and the folder that it needs: the one that was named, else the first
// that fits.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { toRlmError } from '../../../core/errors';
import { createUnavailable } from '../unavailable';
import { findTooWide, isAtOrAbove } from './placeFolders';

export interface FoundNode {
  readonly executable: string;
  readonly version: string;
  /** Outside /usr, none of them a home folder or above one. */
  readonly folders: readonly string[];
}

const probeTimeoutMs = 10_000;
const leastMajor = 18;
const probe = `const { execPath, versions } = process;
  console.log(JSON.stringify({ executable: require('fs').realpathSync(execPath), version: versions.node }))`;
const probed = z.object({ executable: z.string().min(1), version: z.string() });
const usual = ['node', '/usr/bin/node', '/usr/local/bin/node'];

const run = promisify(execFile);

/** @throws RlmError 'BACKEND_UNAVAILABLE' with what would make it work. */
export async function findNode(named: string | null): Promise<FoundNode> {
  const failures: unknown[] = [];
  for (const candidate of named === null ? usual : [named]) {
    try {
      return await readNode(candidate);
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  throw toRlmError(failures[0]);
}

async function readNode(candidate: string): Promise<FoundNode> {
  const { executable, version } = await askNode(candidate);
  if (Number.parseInt(version, 10) < leastMajor) {
    throw createUnavailable(
      `${candidate} is Node.js ${version}; JavaScript in backend local needs ${leastMajor} or later.`,
      'Name another one in the setting rlm.node (RLM_NODE), or use backend wasm.',
    );
  }
  const prefix = path.dirname(path.dirname(executable));
  const folders = isAtOrAbove('/usr', prefix) ? [] : [prefix];
  const tooWide = findTooWide(folders);
  if (tooWide !== undefined) {
    throw createUnavailable(
      `${candidate} is installed in ${tooWide}, and code would read all that lies below.`,
      'Name one in a folder of its own in the setting rlm.node (RLM_NODE).',
    );
  }
  return { executable, version, folders };
}

async function askNode(candidate: string): Promise<z.infer<typeof probed>> {
  try {
    const { stdout } = await run(candidate, ['-e', probe], {
      timeout: probeTimeoutMs,
      encoding: 'utf8',
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '' },
    });
    return probed.parse(JSON.parse(stdout));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw createUnavailable(
      `${candidate} is no Node.js that runs here: ${why}.`,
      `Install Node.js ${leastMajor} or later (apt install nodejs), or name one in the setting rlm.node (RLM_NODE); or use backend wasm.`,
    );
  }
}
