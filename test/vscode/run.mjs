// Runs the suites in a real VS Code: the one in out/editor where it is installed, else a desktop editor
// that @vscode/test-electron downloads. Every suite gets a window, a workspace and a home of its own.

import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from '@vscode/test-electron';
import { isInstalled } from './editor.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const suites = [
  { name: 'trusted', env: {} },
  { name: 'untrusted', env: { RLM_TEST_TRUSTED: 'no' } },
  { name: 'models', env: {} },
  { name: 'files', env: {} },
];

async function runSuite({ name, env }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'rlm-vscode-'));
  const workspace = path.join(folder, 'workspace');
  const report = path.join(folder, 'report.txt');
  await mkdir(workspace);
  await writeFile(path.join(workspace, 'server.log'), createLog());
  try {
    return await runTests({
      ...(await chooseEditor()),
      extensionDevelopmentPath: [root, path.join(root, 'test/vscode/ruleModels')],
      extensionTestsPath: path.join(root, 'out/test/vscode/index.cjs'),
      extensionTestsEnv: {
        ...env,
        RLM_HOME: path.join(folder, 'home'),
        RLM_TEST_SUITE: name,
        RLM_TEST_REPORT: report,
        RLM_TEST_MODEL_LOG: path.join(folder, 'models.jsonl'),
      },
      launchArgs: [workspace, ...(env.RLM_TEST_TRUSTED ? [] : ['--disable-workspace-trust'])],
    });
  } finally {
    console.log(await readFile(report, 'utf8').catch(() => `${name}: no report`));
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

async function chooseEditor() {
  if (!isInstalled()) {
    return {};
  }
  const program = path.join(root, 'test/vscode/code.mjs');
  await chmod(program, 0o755);
  return { vscodeExecutablePath: program };
}

/** 20,000 lines with 20 errors in known places. */
function createLog() {
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    index % 1_000 === 500 ? `line ${index} ERROR disk full` : `line ${index} ok`,
  );
  return lines.join('\n');
}

const wanted = process.argv.slice(2);
for (const suite of suites) {
  if (wanted.length === 0 || wanted.includes(suite.name)) {
    await runSuite(suite).catch((error) => {
      console.error(`${suite.name}: ${error.message}`);
      process.exitCode = 1;
    });
  }
}
