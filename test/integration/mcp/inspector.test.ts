// The official Inspector's command line against the built program: it connects, and finds nothing in
// our schemas that some client could not read.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { tools } from '../../../src/mcp/toolList';
import { hasAgents } from '../../../src/runtime/localAgents';
import { bundledNode, runChild } from '../../support/childProcess';
import { cliPath, readEndpoint, startServer } from '../../support/engineProcess';
import { useTempFolder } from '../../support/tempFolder';

const inspector = path.resolve(
  'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
);
const replySchema = z.object({
  structuredContent: z.record(z.string(), z.unknown()).transform(({ session_id: id, ...rest }) => {
    assert.ok(id);
    return rest;
  }),
});
const reportSchema = z.object({ tools: z.array(z.object({ name: z.string() })) });

describe('the Inspector', () => {
  const folder = useTempFolder();

  /** Its stdout; it must find no errors and no warnings. */
  const inspect = async (args: readonly string[]): Promise<string> => {
    const home = path.join(folder(), 'inspector');
    await mkdir(home, { recursive: true });
    const { exitCode, stdout, stderr } = await runChild(
      bundledNode,
      [inspector, '--cli', ...args],
      {
        cwd: folder(),
        env: { ...process.env, HOME: home, USERPROFILE: home },
      },
    );
    assert.deepStrictEqual([exitCode, stderr], [0, '']);
    return stdout;
  };

  const readNames = (stdout: string) =>
    reportSchema.parse(JSON.parse(stdout)).tools.map(({ name }) => name);
  let ownNames: readonly string[];

  before(async () => {
    const offered = (await hasAgents({})) ? tools : tools.filter(({ set }) => set !== 'agents');
    ownNames = offered.map(({ name }) => name);
  });

  it('passes its strict check of every tool over stdio', async () => {
    const program = [process.execPath, cliPath, '--home', folder(), 'mcp', '--standalone'];
    const stdout = await inspect([...program, '--method', 'tools/list', '--strict']);
    assert.deepStrictEqual(readNames(stdout), ownNames);
  });

  it('calls a tool with a first step that ends a terse session', async () => {
    const program = [process.execPath, cliPath, '--home', folder(), 'mcp', '--standalone'];
    const given = {
      context_text: 'alpha\nbeta',
      code: 'FINAL(count("a"))',
      finalize: 'true',
      verbosity: 'terse',
      help: 'false',
    };
    const args = Object.entries(given).flatMap((one) => ['--tool-arg', one.join('=')]);
    const call = ['--method', 'tools/call', '--tool-name', 'rlm_init_context'];
    const stdout = await inspect([...program, ...call, ...args]);
    const { structuredContent } = replySchema.parse(JSON.parse(stdout));
    assert.deepStrictEqual(structuredContent, {
      step: { finish_reason: 'completed', final_answer: '3', step_index: 1 },
      context: { variable: 'context', total_chars: 10, total_lines: 2, shape: 'string' },
      repl: { language: 'python' },
    });
  });

  it('passes its strict check of every tool over HTTP with the bearer token', async () => {
    const server = await startServer({ home: folder(), root: folder() });
    try {
      const { url, token } = await readEndpoint(server.tokenFile);
      const header = `Authorization: Bearer ${token}`;
      const target = [url, '--transport', 'http', '--header', header];
      const stdout = await inspect([...target, '--method', 'tools/list', '--strict']);
      assert.deepStrictEqual(readNames(stdout), ownNames);
    } finally {
      await server.end('SIGTERM');
    }
  });
});
