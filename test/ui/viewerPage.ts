// Opens the built viewer in Chromium as the editor would: the same policy, the theme's own variables,
// and messages that go to a FakeHost.

import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Browser, type Page, chromium } from 'playwright-core';

import type { Link } from '../../src/protocol/channel';
import { toInertJson } from '../../src/export/htmlPage';
import { type ViewerEnvelope, wordsPart } from '../../src/protocol/viewer';
import { findBrowser } from '../support/findBrowser.mjs';
import { FakeHost, type FakeTrace } from './fakeHost';

export const themes = ['light', 'dark', 'contrast', 'contrastLight'] as const;
export type Theme = (typeof themes)[number];

interface ThemeValues {
  readonly bodyClass: string;
  readonly variables: Readonly<Record<string, string>>;
}

export const builtViewer = process.env['RLM_VIEWER_FOLDER'] ?? 'dist/webview';
export const shotFolder = 'out/shots';

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findBrowser() ?? '',
    // Source: what headless Chromium needs as root and without a network.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface ViewerPageOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** The editor's translations. */
  readonly words?: Readonly<Record<string, string>>;
}

export class ViewerPage {
  readonly page: Page;
  readonly host: FakeHost;
  /** Errors of the page, and what its policy refused. */
  readonly complaints: string[] = [];

  constructor(page: Page, host: FakeHost) {
    this.page = page;
    this.host = host;
  }

  async shoot(name: string): Promise<void> {
    await mkdir(shotFolder, { recursive: true });
    await this.page.screenshot({ path: path.join(shotFolder, `${name}.png`) });
  }

  async close(): Promise<void> {
    this.host.dispose();
    await this.page.context().close();
  }
}

export async function openViewer(
  browser: Browser,
  trace: FakeTrace,
  { theme = 'dark', width = 1200, height = 900, words = {} }: ViewerPageOptions = {},
): Promise<ViewerPage> {
  const context = await browser.newContext({ viewport: { width, height }, timezoneId: 'UTC' });
  const page = await context.newPage();
  const viewer = new ViewerPage(page, new FakeHost(trace));
  page.on('pageerror', (error) => viewer.complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      viewer.complaints.push(message.text());
    }
  });
  await page.exposeFunction('postToHost', createReceiver(viewer));
  await page.addInitScript({ content: editorScript });
  const values = readTheme(theme);
  await page.route('http://viewer.test/**', (route) => {
    const file = new URL(route.request().url()).pathname.slice(1);
    if (file === '') {
      return route.fulfill({ contentType: 'text/html', body: toPageHtml(values, words) });
    }
    return file === 'theme.css'
      ? route.fulfill({ contentType: 'text/css', body: toThemeCss(values) })
      : route.fulfill({ path: path.join(builtViewer, file) });
  });
  await page.goto('http://viewer.test/');
  return viewer;
}

const toPageHtml = (
  { bodyClass }: ThemeValues,
  words: Readonly<Record<string, string>>,
): string => `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-test'; style-src http://viewer.test 'nonce-test'" />
    <title>RLM</title>
    <link rel="stylesheet" nonce="test" href="theme.css" />
    <link rel="stylesheet" nonce="test" href="viewer.css" />
  </head>
  <body class="${bodyClass}">
    <script type="application/json" id="${wordsPart}">${toInertJson(words)}</script>
    <script nonce="test" src="viewer.js"></script>
  </body>
</html>`;

function readTheme(theme: Theme): ThemeValues {
  const all = JSON.parse(readFileSync('test/ui/themes.json', 'utf8')) as Record<Theme, ThemeValues>; // our own file
  return all[theme];
}

/** Frames of one load make one link; another load ends the one before. */
function createReceiver({ page, host }: ViewerPage): (envelope: ViewerEnvelope) => void {
  let load: string | undefined;
  let receive: (message: unknown) => void = () => undefined;
  return (envelope) => {
    if (envelope.load !== load) {
      load = envelope.load;
      host.connect(createLink(page, load, (listener) => (receive = listener)));
    }
    receive(envelope.frame);
  };
}

function createLink(
  page: Page,
  load: string,
  onMessage: (listener: (message: unknown) => void) => void,
): Link {
  return {
    onMessage,
    onClose: () => undefined,
    send(frame) {
      const text = JSON.stringify({ load, frame });
      // Not evaluated by the page's own rules: a test may speak where a page may not.
      page.evaluate(`window.postMessage(${text})`).catch(() => undefined); // the page has gone
    },
  };
}

/** What the editor puts into the page before anything of its own; the state outlives a reload. */
const editorScript = `
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => void postToHost(message),
    getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
  });`;

/** The theme's values, and what the editor itself gives every webview. */
function toThemeCss({ variables }: ThemeValues): string {
  const values = Object.entries(variables).map(([name, value]) => `${name}: ${value};`);
  return `:root { ${values.join(' ')} }
    @layer vscode-default {
      html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
      body { background-color: transparent; color: var(--vscode-editor-foreground);
        font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight);
        font-size: var(--vscode-font-size); margin: 0; padding: 0 20px; }
      code { color: var(--vscode-textPreformat-foreground);
        background-color: var(--vscode-textPreformat-background); padding: 1px 3px; border-radius: 4px; }
      kbd { background-color: var(--vscode-keybindingLabel-background);
        color: var(--vscode-keybindingLabel-foreground); border: 1px solid var(--vscode-keybindingLabel-border);
        border-radius: 3px; padding: 1px 3px; }
    }
    html { background: var(--vscode-editor-background); }`;
}
