// Drives the workbench as a person does: the packaged extension, real clicks and keys, screenshots.

/* global describe */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { isInstalled, openWindow, startEditor } from '../editor.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const vsix = path.join(root, 'out/rlm-companion.vsix');
const shots = path.join(root, 'out/screenshots');
const cli = path.join(root, 'dist/cli.js');
const fillHome = path.join(root, 'out/test/vscode/fillHome.cjs');
/** For whatever is to appear: machines that test are busy. */
const waitMs = 100_000;
/** In the title bar; by what is in it, it is one or the other. */
const commandCenter =
  '.command-center :is(.agent-status-input-area, .command-center-quick-pick):visible';
const runFile = promisify(execFile);

/** Only where .ci/installEditor.mjs has installed an editor: a desktop editor takes no clicks from here. */
export function describeWorkbench(title, define) {
  return (isInstalled() ? describe : describe.skip)(title, define);
}

/** A workspace with a log of 40,000 lines, and an empty home. */
export async function createPlace() {
  const folder = await mkdtemp(path.join(tmpdir(), 'rlm-ui-'));
  const workspace = path.join(folder, 'checkout-service');
  const home = path.join(folder, 'home');
  await mkdir(path.join(workspace, 'logs'), { recursive: true });
  await mkdir(home);
  await writeFile(path.join(workspace, 'logs/server.log'), createLog());
  await writeFile(path.join(workspace, 'README.md'), '# Checkout\n');
  return {
    workspace,
    home,
    copilotHome: path.join(folder, 'copilot'),
    /** Runs code over the log as another process does; its session is left in the home. */
    async runElsewhere(code) {
      const file = path.join(folder, 'step.py');
      await writeFile(file, code);
      const args = [cli, 'run', 'logs/server.log', '--code', file, '--home', home];
      await runFile(process.execPath, args, { cwd: workspace }).catch(() => undefined); // code may fail
    },
    /** Leaves many ended sessions in the home. */
    fill: (count) => runFile(process.execPath, [fillHome, home, String(count)]),
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  };
}

function createLog() {
  const toLine = (_, index) => {
    const at = `2026-07-1${4 + (index % 3)} 0${index % 10}:${String(index % 60).padStart(2, '0')}:11`;
    return index % 997 === 0
      ? `${at} ERROR payment timeout order=${index}`
      : `${at} INFO ok request=${index}`;
  };
  return Array.from({ length: 40_000 }, toLine).join('\n');
}

/** Opens the workbench on a place. `payload`: as of `openWindow`; the rest is that of `startEditor`. */
export async function openWorkbench(place, { theme, payload, env: more, ...rest } = {}) {
  await mkdir(shots, { recursive: true });
  const settings = {
    'workbench.colorTheme': theme ?? 'Default Dark Modern',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'files.simpleDialog.enable': true,
    // A viewer that opens takes the focus when it is ready, which would close what was opened meanwhile.
    'workbench.quickOpen.closeOnFocusLost': false,
  };
  const env = { RLM_HOME: place.home, COPILOT_HOME: place.copilotHome, ...more };
  const editor = await startEditor({ vsix, env, settings, ...rest });
  const { workspace } = place;
  const { browser, page, open } = await openWindow(editor, { workspace, payload });
  page.setDefaultTimeout(waitMs);
  await open();
  await page.locator('.part.activitybar .action-label[aria-label^="RLM"]').waitFor();
  const dispose = async () => {
    await browser.close();
    await editor.stop();
  };
  return new Workbench(page, { profile: editor.profile, dispose });
}

export class Workbench {
  constructor(page, { profile, dispose }) {
    this.page = page;
    /** The folder of the editor's own files. */
    this.profile = profile;
    this.dispose = dispose;
  }

  /** The viewer in front. */
  get viewer() {
    return this.page
      .locator('iframe.webview.ready:visible')
      .contentFrame()
      .locator('iframe#active-frame')
      .contentFrame();
  }

  get dialog() {
    return this.page.locator('.monaco-dialog-box');
  }

  /** The palette, and whatever else asks at the top. */
  get quickInput() {
    const widget = this.page.locator('.quick-input-widget');
    const input = widget.locator('input:is([type=text], [type=password])').first();
    return { widget, input, rows: widget.locator('.quick-input-list .monaco-list-row') };
  }

  async showSessions() {
    await this.run('RLM: Focus on Sessions View');
  }

  /** A line of the session tree. */
  row(text) {
    return this.page.locator('.sidebar .monaco-list-row').filter({ hasText: text }).first();
  }

  /**
   * Runs a command by its title in the palette. A click opens it: a viewer that is loading has the focus
   * and lets keys pass.
   */
  async run(title) {
    const { widget, input } = this.quickInput;
    await widget.waitFor({ state: 'hidden' }); // that of the command before
    await this.page.locator(commandCenter).first().click();
    await input.fill(`>${title}`);
    await this.pick(title);
  }

  async pick(text) {
    await this.quickInput.rows.filter({ hasText: text }).first().click();
  }

  /** Clicks an item of an open menu until it is taken: one that has just opened lets clicks pass. */
  async choose(name) {
    const item = this.page.getByRole('menuitem', { name });
    for (let triesLeft = 5; ; triesLeft -= 1) {
      try {
        await item.click({ timeout: 5_000 });
        await item.waitFor({ state: 'detached', timeout: 2_000 });
        return;
      } catch (error) {
        if (triesLeft === 0) {
          throw error;
        }
      }
    }
  }

  /** Types into the input at the top and accepts it. */
  async answer(text) {
    await this.quickInput.input.fill(text);
    await this.quickInput.input.press('Enter');
  }

  /** Closes the input at the top. */
  async dismiss() {
    await this.quickInput.input.press('Escape');
    await this.quickInput.widget.waitFor({ state: 'hidden' });
  }

  /** In the editor's own file dialog, which begins in the workspace. */
  async chooseFile(file, label) {
    const { widget, input, rows } = this.quickInput;
    await rows.filter({ hasText: 'README.md' }).waitFor();
    await input.fill(file);
    await rows.filter({ hasText: path.basename(file) }).waitFor();
    await widget.locator('.monaco-button', { hasText: label }).click();
  }

  /** Accepts the name that the editor's own file dialog proposes. */
  async saveFile() {
    const { widget } = this.quickInput;
    await widget.locator('.monaco-button', { hasText: /OK|Save/u }).click();
    await widget.waitFor({ state: 'hidden' }); // the file is being written
  }

  /** A message, in the list of all: under test the editor shows none in its corner, nor what comes later. */
  async findMessage(text) {
    const messages = this.page.locator('.notifications-center .notification-list-item');
    const message = messages.filter({ hasText: text }).first();
    for (let triesLeft = 10; ; triesLeft -= 1) {
      await this.run('Notifications: Show Notifications');
      try {
        await message.waitFor({ timeout: 4_000 });
        return message;
      } catch (error) {
        if (triesLeft === 0) {
          throw error;
        }
      }
    }
  }

  /** A command of a file's context menu, in our submenu. */
  async runOnFile(file, title) {
    await this.run('File: Focus on Files Explorer');
    const row = this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: file });
    const items = this.page.locator('.monaco-menu .action-item');
    const own = items.filter({ hasText: /^RLM$/u }).first();
    for (let isOpen = false; !isOpen; isOpen = await own.isVisible()) {
      await this.page.keyboard.press('Escape'); // a change of focus can close a menu
      await row.first().click({ button: 'right' });
      await own.waitFor({ timeout: 5_000 }).catch(() => undefined);
    }
    const slowly = { delay: 200 }; // a menu that has just opened takes no button that comes up
    await own.click(slowly);
    await items.filter({ hasText: title }).last().click(slowly); // the first is the submenu around it
  }

  async press(label) {
    await this.dialog.locator('.monaco-button').filter({ hasText: label }).click();
  }

  async shoot(name) {
    await wait(300); // what fades or slides has come to rest
    await this.page.screenshot({ path: path.join(shots, `${name}.png`) });
  }
}

/** An agent outside the editor, joined to the engine of its window. */
export async function connectAgent(home) {
  const { url, token } = await findEndpoint(home);
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  return createAgent(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
}

/** An agent that starts its server as a client's configuration says. */
export function startAgent({ command, args, env }) {
  return createAgent(new StdioClientTransport({ command, args, env, stderr: 'ignore' }));
}

async function createAgent(transport) {
  const client = new Client({ name: 'agent', version: '1.0.0' });
  await client.connect(transport);
  return {
    call: async (name, args) =>
      (await client.callTool({ name, arguments: args })).structuredContent,
    close: () => client.close(),
  };
}

async function findEndpoint(home) {
  const folder = path.join(home, 'engines');
  for (let triesLeft = 200; triesLeft > 0; triesLeft -= 1) {
    for (const name of await readdir(folder).catch(() => [])) {
      const text = name.endsWith('.json') ? await readFile(path.join(folder, name), 'utf8') : '{}';
      const endpoint = JSON.parse(text);
      if (endpoint.url) {
        return endpoint;
      }
    }
    await wait(50);
  }
  throw new Error('No engine listens in this home.');
}
