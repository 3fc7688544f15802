// Tests the packaged extension in a real VS Code: its suites run inside the extension host, then clicks
// and keys. The editor is that of code-server; where that cannot be had, the desktop editor, which
// takes no clicks from here.

import { downloadAndUnzipVSCode } from '@vscode/test-electron';
import { installBrowser, installEditor } from '../.ci/installEditor.mjs';
import { runPart, skipPart } from './testPart.mjs';

const npm = process.env.npm_execpath;
if (!npm) {
  throw new Error('Start it by `npm run test:vscode`.');
}
// A failed test may leave a browser open, which must not hold up the rest.
const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--timeout', '120000', '--exit'];
const { platform, env } = process;

async function installWorkbench() {
  try {
    installBrowser();
    await installEditor();
    return null;
  } catch (error) {
    return error.message;
  }
}

async function downloadDesktop() {
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) {
    return 'The desktop editor needs a display.';
  }
  try {
    await downloadAndUnzipVSCode();
    return null;
  } catch (error) {
    return `The desktop editor could not be downloaded: ${error.message}`;
  }
}

await runPart('packaging', [npm, 'run', '--silent', 'package']);
await runPart('test bundles', ['esbuild.mjs', '--tests']);
await runPart('the package', [...mocha, 'test/vscode/package.test.mjs']);
const noWorkbench = await installWorkbench();
const noEditor = noWorkbench === null ? null : await downloadDesktop();
if (noEditor !== null) {
  skipPart('the extension in VS Code', `${noWorkbench} ${noEditor}`);
} else {
  await runPart('the extension in VS Code', ['test/vscode/run.mjs']);
}
if (noWorkbench !== null) {
  skipPart('clicks and keys in VS Code', noWorkbench);
} else {
  const suites = ['sessions', 'ask', 'looks', 'files', 'agents', 'scale'].map(
    (one) => `test/vscode/ui/${one}.ui.mjs`,
  );
  await runPart('clicks and keys in VS Code', [...mocha, ...suites]);
}
