// Puts what the tests in a real editor need under out/editor: code-server, which holds VS Code, and the
// Node it asks for; and Debian's Chromium. Takes about two minutes the first time.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBrowser } from '../test/support/findBrowser.mjs';

/** The versions that the tests were written against. */
const version = '4.139.1';
const nodeVersion = '24.21.0';
const folder = fileURLToPath(new URL('../out/editor', import.meta.url));
const done = path.join(folder, `installed-${version}`);
const editor = path.join(folder, 'node_modules/code-server/lib/vscode');
const nodeFolder = path.join(folder, 'node/node_modules/node/bin');

/** @throws Error that says what is missing. */
export async function installEditor() {
  if (process.platform === 'win32') {
    throw new Error('code-server does not run on Windows.');
  }
  if (existsSync(done)) {
    return;
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'node'), { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  // In a folder of its own: a second install beside it would prune the binary.
  const ofNode = ['--prefix', 'node', '--foreground-scripts', `node@${nodeVersion}`];
  run('npm', ['install', ...quiet, ...ofNode]);
  // Without scripts: they compile native modules, which the editor runs without.
  const plain = [...quiet, '--ignore-scripts'];
  run('npm', ['install', ...plain, '--prefix', '.', `code-server@${version}`]);
  run('npm', ['install', ...plain, '--omit=dev'], editor);
  run('npm', ['install', ...plain, '--omit=dev'], path.join(editor, 'extensions'));
  await writeFile(done, '');
}

/** @throws Error that says what is missing. */
export function installBrowser() {
  if (findBrowser()) {
    return;
  }
  const isDebian = process.platform === 'linux' && existsSync('/usr/bin/apt-get');
  if (!isDebian || process.getuid?.() !== 0) {
    const why = isDebian ? 'only root can install one' : 'this is not Debian';
    throw new Error(`There is no Chromium, and ${why}: install it, or name it in CHROMIUM.`);
  }
  run('apt-get', ['update', '-qq'], '/');
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], '/');
}

function run(command, args, cwd = folder) {
  const env = { ...process.env, PATH: `${nodeFolder}${path.delimiter}${process.env.PATH}` };
  execFileSync(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
}
