// The real Codex over a planned model, for the editor's tests: `node plannedCodex.cjs FOLDER`. Says in one line of JSON
// where its program is, and ends with its standard input.

import { findCodex } from '../../src/agents/codex/findCodex';
import { writeCodexWrapper, wrapperKey } from '../support/codexWrapper';
import { startPlannedModel } from '../support/plannedModel';

async function serve(folder: string): Promise<void> {
  const codex = await findCodex({
    setting: process.env['RLM_TEST_CODEX'] ?? 'out/codex',
    environment: {},
    untrusted: [],
    platform: process.platform,
    arch: process.arch,
    nodePath: process.execPath,
  });
  if (!codex) {
    process.stdout.write('{"program":null}\n');
    return;
  }
  const model = await startPlannedModel();
  const program = await writeCodexWrapper(folder, codex.path, model.url);
  process.stdout.write(`${JSON.stringify({ program, key: wrapperKey })}\n`);
  process.stdin.on('end', () => void model.close()).resume();
}

void serve(process.argv[2] ?? '');
