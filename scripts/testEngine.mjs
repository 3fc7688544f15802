// Tests the engine, with a Python of this machine in each sandbox that it has. Run after a build.

import { installBackends } from '../.ci/installBackends.mjs';
import { runPart, skipPart } from './testPart.mjs';

try {
  installBackends();
} catch (error) {
  skipPart('sessions in a native Python', error.message);
}
await runPart('the engine', ['node_modules/mocha/bin/mocha.js']);
