// Puts the Codex CLI that the tests drive under out/codex: 424 MB, apart from the packages of the product. Takes some
// ten seconds the first time.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version that the driver was written against. */
const version = '0.171.0';
const folder = fileURLToPath(new URL('../out/codex', import.meta.url));
const done = path.join(folder, `installed-${version}`);

/** @throws Error that says what is missing. */
export async function installCodex() {
  if (existsSync(done)) {
    return;
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npm, ['install', ...quiet, '--prefix', '.', `@openai/codex@${version}`], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  await writeFile(done, '');
}
