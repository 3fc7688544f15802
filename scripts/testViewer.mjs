// Tests the trace viewer in Chromium, as the editor shows it and in an exported page. Run after a build.

import { installBrowser } from '../.ci/installEditor.mjs';
import { runPart, skipPart } from './testPart.mjs';

const name = 'the viewer in Chromium';
const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--timeout', '60000', '--exit'];

function findReason() {
  try {
    installBrowser();
    return null;
  } catch (error) {
    return error.message;
  }
}

const reason = findReason();
if (reason !== null) {
  skipPart(name, reason);
} else {
  await runPart('test bundles', ['esbuild.mjs', '--tests']);
  await runPart(name, [...mocha, 'out/test/ui/*.test.cjs']);
}
