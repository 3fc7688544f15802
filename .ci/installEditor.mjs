// Installs a real VS Code (the one inside code-server) into out/editor, with the Node it wants, from the
// npm registry alone, and Chromium from Debian where there is none. Does nothing when all is there.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '4.139.1';
const folder = fileURLToPath(new URL('../out/editor', import.meta.url));
const done = path.join(folder, `installed-${version}`);
const editor = path.join(folder, 'node_modules/code-server/lib/vscode');
const nodeFolder = path.join(folder, 'node/node_modules/node/bin');

function run(command, args, cwd = folder) {
  const env = { ...process.env, PATH: `${nodeFolder}${path.delimiter}${process.env.PATH}` };
  execFileSync(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function installEditor() {
  if (existsSync(done)) {
    return;
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'node'), { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  // In a folder of its own: a second install beside it would prune the binary.
  run('npm', ['install', ...quiet, '--prefix', 'node', '--foreground-scripts', 'node@24.21.0']);
  // Without scripts: they compile native modules, which the editor runs without.
  const plain = [...quiet, '--ignore-scripts'];
  run('npm', ['install', ...plain, '--prefix', '.', `code-server@${version}`]);
  run('npm', ['install', ...plain, '--omit=dev'], editor);
  run('npm', ['install', ...plain, '--omit=dev'], path.join(editor, 'extensions'));
  await writeFile(done, '');
}

function installChromium() {
  const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  if (process.env.CHROMIUM || places.some((place) => existsSync(place))) {
    return;
  }
  if (process.getuid?.() !== 0) {
    throw new Error('There is no Chromium: install it, or name it in CHROMIUM.');
  }
  run('apt-get', ['update', '-qq'], '/');
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], '/');
}

installChromium();
await installEditor();
