// Runs another program to its end, with the Node that is bundled for tools that need a newer one.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export const bundledNode = path.resolve(
  `node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`,
);

export interface ChildResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runChild(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<ChildResult> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exited,
  ]);
  return { exitCode, stdout, stderr };
}
