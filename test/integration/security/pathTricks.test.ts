// Ways out of the allowed roots, tried through the tools of a real engine: the text outside is never
// read, and the answer never tells it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type RunningEngine, startEngine } from '../../support/engineProcess';
import { callError, callOk, callTool, openSession } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

const secret = 'outside-7c1f\n';
const swaps = 60;

describe('paths given to the tools', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let engine: RunningEngine;
  let client: Client;
  let root: string;
  let outside: string;

  beforeEach(async function () {
    if (process.platform === 'win32') {
      this.skip(); // links need a privilege there
    }
    const base = await realpath(folder());
    root = path.join(base, 'root');
    outside = path.join(base, 'root-next');
    await mkdir(path.join(root, 'inner'), { recursive: true });
    await mkdir(outside);
    await writeFile(path.join(root, 'inner', 'own.txt'), 'inside\n');
    await writeFile(path.join(outside, 'secret.txt'), secret);
    engine = await startEngine('stdio', { home: path.join(base, 'home'), root });
    ({ client } = engine);
  });
  afterEach(async () => engine.stop());

  const links: Readonly<Record<string, () => string>> = {
    'file.txt': () => path.join(outside, 'secret.txt'),
    'relative.txt': () => '../root-next/secret.txt',
    folder: () => outside,
    up: () => '..',
    chain: () => 'folder',
    loop: () => 'loop',
    top: () => '/',
    environment: () => '/proc/self/environ',
    zero: () => '/dev/zero',
  };

  it('links, dots, siblings, URLs and devices all stay refused, in both tools that read', async () => {
    for (const [name, target] of Object.entries(links)) {
      await symlink(target(), path.join(root, name));
    }
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    const session_id = await openSession(client);
    const given = [
      outside,
      path.join(outside, 'secret.txt'),
      '../root-next/secret.txt',
      'inner/../../root-next/secret.txt',
      `${root}-next/secret.txt`,
      `${root}/../root-next/secret.txt`,
      pathToFileURL(path.join(outside, 'secret.txt')).href,
      `file://${root}/..%2froot-next/secret.txt`,
      'file://evil.example/secret.txt',
      ...Object.keys(links),
      'folder/secret.txt',
      'up/root-next/secret.txt',
      'chain/*.txt',
      'up/*/secret.txt',
      '../*/secret.txt',
      '{../root-next,inner}/secret.txt',
      '@(..)/root-next/secret.txt',
      'pipe',
      '/dev/stdin',
      '/dev/zero',
      '/proc/self/environ',
      `/proc/${engine.pid}/root${outside}/secret.txt`,
      '\\\\evil.example\\share\\secret.txt',
      '~/.ssh/id_rsa',
      'inner/own.txt\0.png',
      ' ',
      '.'.repeat(4_000),
    ];
    for (const path of given) {
      for (const [tool, more] of [
        ['rlm_init_context', {}],
        ['rlm_add_context', { session_id }],
      ] as const) {
        const { code, message, next_step } = await callError(client, tool, {
          context_paths: [path],
          ...more,
        });
        assert.ok(
          ['PATH_NOT_ALLOWED', 'INVALID_INPUT'].includes(code),
          `${path}: ${code} ${message}`,
        );
        assert.equal(`${message}${next_step}`.includes(secret.trim()), false, path);
      }
    }
  });

  it('a folder that holds links out is read without them, and says which', async () => {
    await symlink(path.join(outside, 'secret.txt'), path.join(root, 'inner', 'link.txt'));
    await symlink(outside, path.join(root, 'inner', 'linked'));
    for (const given of ['.', 'inner', '**/*.txt', 'inner/**']) {
      const { context } = await callOk(client, 'rlm_init_context', { context_paths: [given] });
      const told = JSON.stringify(context);
      assert.match(told, /"total_chars":7\b/u, given);
      assert.equal(told.includes(secret.trim()), false, given);
    }
  });

  it(`a file swapped for a link ${swaps} times while it is read gives its own text or none`, async () => {
    const target = path.join(root, 'swapped.txt');
    const spare = path.join(root, 'spare');
    let isReading = true;
    const swapping = (async () => {
      while (isReading) {
        await writeFile(spare, 'inside\n');
        await rename(spare, target);
        await symlink(path.join(outside, 'secret.txt'), spare);
        await rename(spare, target);
      }
    })();
    try {
      for (let done = 0; done < swaps; done += 1) {
        const { payload, text } = await callTool(client, 'rlm_init_context', {
          context_paths: ['swapped.txt'],
          language: 'javascript',
        });
        assert.equal(text.includes(secret.trim()), false);
        const session_id = payload['session_id'];
        if (typeof session_id === 'string') {
          const step = { session_id, code: 'context' };
          const { result } = await callOk(client, 'rlm_run_repl', step);
          assert.match(String(result), /^['"]inside\\n['"]$/u);
          await callOk(client, 'rlm_finalize', { session_id, final_text: 'read' });
        }
      }
    } finally {
      isReading = false;
      await swapping;
      await rm(spare, { force: true });
    }
  });
});
