// A real VS Code in headless Chromium, offline: the one inside code-server, which .ci/installEditor.mjs
// has put into out/editor. Its own server is started rather than code-server's: only that loads an
// extension under development.

/* global fetch */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as wait } from 'node:timers/promises';
import { URLSearchParams, fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { findBrowser } from '../support/findBrowser.mjs';

const folder = fileURLToPath(new URL('../../out/editor', import.meta.url));
const node = path.join(folder, 'node/node_modules/node/bin/node');
const server = path.join(folder, 'node_modules/code-server/lib/vscode/out/server-main.js');
const vsce = fileURLToPath(new URL('../../node_modules/@vscode/vsce/vsce', import.meta.url));
const startMs = 60_000;
const userSettings = {
  'workbench.startupEditor': 'none',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'chat.commandCenter.enabled': false,
};

export function isInstalled() {
  return existsSync(server);
}

/**
 * `vsix`: an extension to install first. `extensions`: folders of others. `machineSettings`: those that
 * no workspace may change. `isTrusted`: whether workspaces are.
 */
export async function startEditor({
  settings = {},
  machineSettings = {},
  env = {},
  vsix,
  extensions = [],
  isTrusted = true,
} = {}) {
  const profile = await mkdtemp(path.join(tmpdir(), 'rlm-editor-'));
  const common = [
    server,
    '--accept-server-license-terms',
    ...['--server-data-dir', profile],
    ...['--extensions-dir', path.join(profile, 'extensions')],
  ];
  await mkdir(path.join(profile, 'data/User'), { recursive: true });
  await writeFile(
    path.join(profile, 'data/User/settings.json'),
    JSON.stringify({ ...userSettings, ...settings }),
  );
  await mkdir(path.join(profile, 'data/Machine'), { recursive: true });
  await writeFile(
    path.join(profile, 'data/Machine/settings.json'),
    JSON.stringify(machineSettings),
  );
  const packed = await Promise.all(extensions.map((one) => packExtension(one, profile)));
  const installed = [...(vsix ? [vsix] : []), ...packed];
  if (installed.length > 0) {
    const wanted = installed.flatMap((file) => ['--install-extension', file]);
    const install = spawn(node, [...common, ...wanted, '--force'], { stdio: 'ignore' });
    const [code] = await once(install, 'exit');
    if (code !== 0) {
      throw new Error(`${installed.join(', ')}: not installed, ${code}`);
    }
  }
  const port = await findFreePort();
  const child = spawn(
    node,
    [
      ...common,
      '--without-connection-token',
      ...['--host', '127.0.0.1', '--port', String(port)],
      '--enable-smoke-test-driver',
      ...(isTrusted ? ['--disable-workspace-trust'] : []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  const log = createWriteStream(path.join(profile, 'server.log'));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const base = `http://127.0.0.1:${port}`;
  await waitUntilServing(base, child);
  return {
    base,
    profile,
    toRemote: (file) => `vscode-remote://127.0.0.1:${port}${file}`,
    async stop() {
      const killing = setTimeout(() => child.kill('SIGKILL'), 5_000);
      child.kill('SIGTERM');
      await (child.exitCode === null ? once(child, 'exit') : undefined);
      clearTimeout(killing);
      // Its extension host outlives it by a moment and still writes.
      await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
}

/** `payload`: what a development window is told, as pairs. */
export async function openWindow(editor, { workspace, payload = [], viewport } = {}) {
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const size = viewport ?? { width: 1280, height: 860 };
  const context = await browser.newContext({
    viewport: size,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  const query = new URLSearchParams(workspace ? { folder: workspace } : { ew: 'true' });
  if (payload.length > 0) {
    query.set('payload', JSON.stringify(payload));
  }
  return { browser, page, open: () => page.goto(`${editor.base}/?${query}`) };
}

async function packExtension(cwd, profile) {
  const packagePath = path.join(profile, `${path.basename(cwd)}.vsix`);
  const plain = ['--no-dependencies', '--allow-missing-repository', '--skip-license'];
  const args = [vsce, 'package', ...plain, '--out', packagePath];
  await promisify(execFile)(process.execPath, args, { cwd });
  return packagePath;
}

async function findFreePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

async function waitUntilServing(base, child) {
  for (const end = Date.now() + startMs; Date.now() < end;) {
    if (child.exitCode !== null) {
      throw new Error(`The editor's server exited with ${child.exitCode}.`);
    }
    const answer = await fetch(`${base}/version`).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    await wait(100);
  }
  throw new Error('The editor’s server did not start.');
}
