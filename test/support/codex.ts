// The real Codex that tests drive: the one named in RLM_TEST_CODEX, or what .ci/installCodex.mjs has installed.

import path from 'node:path';
import { findCodex } from '../../src/agents/codex/findCodex';

/** The program itself; where there is none, what runs in `context` is left out and says why, and fails in CI. */
export async function requireCodex(context: Mocha.Context): Promise<string> {
  const found = await findCodex({
    setting: process.env['RLM_TEST_CODEX'] ?? path.resolve('out/codex'),
    environment: {},
    untrusted: [],
    platform: process.platform,
    arch: process.arch,
    nodePath: process.execPath,
  });
  if (found) {
    return found.path;
  }
  const lack = 'The Codex CLI is not installed. See .ci/installCodex.mjs.';
  if (process.env['CI']) {
    throw new Error(lack);
  }
  process.stderr.write(`      ${lack}\n`);
  return context.skip();
}
