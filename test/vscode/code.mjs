#!/usr/bin/env node
// Stands in for the desktop editor's program: give its path to @vscode/test-electron as
// `vscodeExecutablePath`, and the same suite runs in the editor of editor.mjs.

import path from 'node:path';
import { setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { openWindow, startEditor } from './editor.mjs';

const limitMs = Number(process.env.RLM_TEST_LIMIT_MS ?? 600_000);
/** The editor says much for itself; the suite writes its report to a file. */
const isVerbose = process.env.RLM_TEST_VERBOSE !== undefined;

/** Each one, as a path. */
function readArguments(name) {
  return process.argv
    .filter((argument) => argument.startsWith(`--${name}=`))
    .map((argument) => argument.slice(name.length + 3))
    .map((given) => (given.startsWith('file:') ? fileURLToPath(given) : path.resolve(given)));
}

async function runSuite() {
  const workspace = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
  // A window in the browser takes one extension under development; the others are installed.
  const [developed, ...extensions] = readArguments('extensionDevelopmentPath');
  const [tests] = readArguments('extensionTestsPath');
  const isTrusted = process.env.RLM_TEST_TRUSTED !== 'no';
  const editor = await startEditor({ extensions, isTrusted });
  const payload = [
    ['extensionDevelopmentPath', editor.toRemote(developed)],
    ['extensionTestsPath', editor.toRemote(tests)],
  ];
  const { browser, page, open } = await openWindow(editor, { workspace, payload });
  try {
    // The two functions that the editor calls during and after a test run.
    const exited = new Promise((resolve) => {
      void page.exposeFunction('codeAutomationExit', resolve);
    });
    await page.exposeFunction('codeAutomationLog', (_kind, words) => {
      if (isVerbose) {
        console.log(...words);
      }
    });
    await open();
    const timedOut = new Promise((resolve) => setTimeout(() => resolve(124), limitMs).unref());
    return await Promise.race([exited, timedOut]);
  } finally {
    await browser.close();
    await editor.stop();
  }
}

process.exitCode = await runSuite();
