// `npm run bench:agent [-- --apart] [-- --each] [-- --verbosity terse] [-- --show NAME]`: plays 20 seeded tasks against the built command
// over stdio and counts what they cost an agent: calls, and characters read and written.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { codeTasks } from './codeTasks';
import { corpusTasks } from './corpusTasks';
import { type Cost, Dialogue, type Talk } from './dialogue';
import { logTasks } from './logTasks';
import { tableTasks } from './tableTasks';
import { type AgentTask, makeTask, writeFiles } from './task';

const command = path.resolve('dist', 'cli.js');
/** Below the folder that the server works in. */
const taskFolder = 'data';
const tasks = [...logTasks, ...codeTasks, ...tableTasks, ...corpusTasks];

interface Options extends Talk {
  /** A connection for each task, and not one for all. */
  readonly isEach: boolean;
  /** Whose replies are printed whole. */
  readonly shown: string | undefined;
  readonly seed: number;
  readonly folder: string;
}

interface Played extends Cost {
  readonly name: string;
  readonly isRight: boolean;
}

async function connect(folder: string): Promise<Client> {
  const home = await mkdtemp(path.join(folder, 'home-'));
  const client = new Client({ name: 'bench-agent', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [command, '--home', home, 'mcp', '--standalone', '--root', folder],
      cwd: folder,
      stderr: 'inherit',
    }),
  );
  return client;
}

async function play(client: Client, task: AgentTask, options: Options): Promise<Played> {
  const made = makeTask(task, options.seed);
  const folder = path.join(options.folder, taskFolder);
  await mkdir(folder, { recursive: true });
  const dialogue = new Dialogue(client, made, (name, text) => {
    if (task.name === options.shown) {
      print(`--- ${name}, ${text.length}\n${text}`);
    }
  });
  const given = path.join(taskFolder, await writeFiles(folder, made));
  const answer = await dialogue.run(given, options);
  await rm(folder, { recursive: true, force: true });
  const isRight = answer === made.right;
  if (!isRight) {
    print(`${task.name}: answered ${answer}, right is ${made.right}`);
  }
  return { name: task.name, isRight, ...dialogue.cost };
}

async function playAll(options: Options): Promise<readonly Played[]> {
  const played: Played[] = [];
  let client = await connect(options.folder);
  print(
    `Once a connection: ${await countConnection(client)} characters of instructions and tools.`,
  );
  try {
    for (const task of tasks) {
      if (options.isEach) {
        await client.close();
        client = await connect(options.folder);
      }
      const one = await play(client, task, options);
      played.push(one);
      print(toRow(one));
    }
  } finally {
    await client.close();
  }
  return played;
}

/** What a client puts before its model's first word. */
async function countConnection(client: Client): Promise<string> {
  const { tools } = await client.listTools();
  const offered = tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    inputSchema,
  }));
  const chars = (client.getInstructions() ?? '').length + JSON.stringify(offered).length;
  return chars.toLocaleString('en');
}

function toRow({ name, isRight, calls, charsIn, structuredIn, charsOut }: Played): string {
  const counts = [calls, charsIn, structuredIn, charsOut].map((count) =>
    count.toLocaleString('en'),
  );
  return `| ${[name, isRight ? 'yes' : 'NO', ...counts].join(' | ')} |`;
}

function toSums(played: readonly Played[]): string {
  const sum = (read: (one: Played) => number): number =>
    played.reduce((total, one) => total + read(one), 0);
  const calls = played.map((one) => one.calls).sort((one, other) => one - other);
  const middle = calls.length / 2;
  const median = ((calls[Math.ceil(middle) - 1] ?? 0) + (calls[Math.floor(middle)] ?? 0)) / 2;
  const charsIn = sum((one) => one.charsIn);
  return [
    `${sum(({ isRight }) => (isRight ? 1 : 0))} of ${played.length} right`,
    `${sum((one) => one.calls)} calls, median ${median}`,
    `${charsIn.toLocaleString('en')} characters read, ${Math.round(charsIn / played.length).toLocaleString('en')} a task`,
    `${sum((one) => one.structuredIn).toLocaleString('en')} where structured results are read`,
    `${sum((one) => one.charsOut).toLocaleString('en')} written`,
  ].join('; ');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      apart: { type: 'boolean', default: false },
      verbosity: { type: 'string' },
      each: { type: 'boolean', default: false },
      show: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  if (!existsSync(command)) {
    throw new Error('There is no build: run `npm run build` in the package folder first.');
  }
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-agent-')));
  try {
    const played = await playAll({
      style: values.apart ? 'apart' : 'joined',
      verbosity: values.verbosity,
      isEach: values.each,
      shown: values.show,
      seed: Number(values.seed),
      folder,
    });
    print(`${toSums(played)}.`);
    process.exitCode = played.every(({ isRight }) => isRight) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});
