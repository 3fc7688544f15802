// The official Inspector's command line against the built program: it connects, and finds nothing in
// our schemas that some client could not read.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { tools } from '../../../src/mcp/toolList';
import { bundledNode, runChild } from '../../support/childProcess';
import { cliPath, readEndpoint, startServer } from '../../support/engineProcess';
import { useTempFolder } from '../../support/tempFolder';

const inspector = path.resolve(
  'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
);
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
  const ownNames = tools.map(({ name }) => name);

  it('passes its strict check of every tool over stdio', async () => {
    const program = [process.execPath, cliPath, '--home', folder(), 'mcp', '--standalone'];
    const stdout = await inspect([...program, '--method', 'tools/list', '--strict']);
    assert.deepStrictEqual(readNames(stdout), ownNames);
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
