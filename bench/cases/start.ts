// How long a client waits for `rlm-companion mcp`: from starting the process to its first answer to
// `tools/list`, on this Node and on the one that npm runs on.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { type Bench, type BenchCase } from '../bench';
import { toFigure } from '../figure';
import { McpServer } from '../mcpServer';
import type { Contender } from '../measure';

interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

const none = { missing: 'not run' };

export const start: BenchCase = {
  name: 'start',
  title: 'The command `rlm-companion mcp`',
  async run(bench) {
    const nodes = await findNodes();
    const result = await bench.race(
      nodes.flatMap((node) => createContenders(bench, node)),
      { rounds: bench.pick(9, 4), budgetMs: bench.pick(8_000, 3_000) },
    );
    return nodes.flatMap(({ version }) => [
      toFigure(
        `Node ${version}: start to the first tools/list`,
        result.spread(`mcp ${version}`) ?? none,
        { target: { atMost: 400 } },
      ),
      toFigure(
        `Node ${version}: floor, an empty program`,
        result.spread(`empty ${version}`) ?? none,
      ),
    ]);
  },
};

function createContenders(bench: Bench, { path, version }: NodeProgram): Contender[] {
  let server: McpServer | undefined;
  return [
    {
      name: `mcp ${version}`,
      run: async () => {
        server = await McpServer.startStdio(bench, path);
      },
      cleanUp: async () => server?.close(),
      warmUps: 1,
    },
    {
      name: `empty ${version}`,
      run: () => once(spawn(path, ['-e', '0'], { stdio: 'ignore' }), 'close'),
      warmUps: 1,
    },
  ];
}

/** npm may run on another Node than its scripts do. */
async function findNodes(): Promise<NodeProgram[]> {
  const own = { path: process.execPath, version: process.versions.node };
  const ofNpm = process.env['npm_node_execpath'];
  if (ofNpm === undefined) {
    return [own];
  }
  const { stdout } = await promisify(execFile)(ofNpm, ['--version']);
  const version = stdout.trim().replace(/^v/u, '');
  return version === own.version ? [own] : [own, { path: ofNpm, version }];
}
