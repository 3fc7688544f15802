// `agents spawn` and `agents resume`: a run begins, or goes on, in an engine that runs, else in one of this process.

import { text as readText } from 'node:stream/consumers';
import type { Isolation } from '../../core/agent/permissions';
import { isAtRest } from '../../core/agent/agentState';
import { RlmError } from '../../core/errors';
import type { AgentWorktree, Cli } from '../cli';
import { usageError } from '../failure';
import { toAbsolute } from '../roots';
import { toJsonText } from '../render/json';
import type { JoinedEngine } from './agentEngines';
import { attendRun } from './attendRun';
import type { ToolRequest } from './engineClient';
import { type AgentsOptions, type RunContext, toRunExitCode } from './runContext';
import { findRun, readRunRecord, toAgentStatus } from './runRecord';
import { toRunDocument } from './showRun';
import { spawned } from './wire';
import { toHome } from '../options';
import { toAmountText } from '../render/words';
import { toPrintable } from '../render/printable';

export interface ResumeOptions extends AgentsOptions {
  readonly task: string;
  readonly wait?: true;
}

export interface SpawnOptions extends ResumeOptions {
  readonly profile: string;
  readonly goal: readonly string[];
  readonly input: readonly string[];
  readonly dir?: string;
  readonly isolation?: Isolation;
  readonly model?: string;
  readonly sandbox?: string;
  readonly approvals?: string;
  /** False: `--no-network`. */
  readonly network: boolean;
  readonly limit: readonly string[];
}

export async function spawnRun(options: SpawnOptions, context: RunContext): Promise<void> {
  const { cli } = context;
  const { model, sandbox, approvals, isolation } = options;
  const request = {
    name: 'spawn_agent',
    arguments: {
      profile_id: options.profile,
      custom_prompt: await readTask(options.task, cli),
      goalset: options.goal,
      inputs: toPairs('--input', options.input),
      working_dir: toAbsolute(cli.cwd, options.dir ?? '.'),
      ...(isolation && { isolation }),
      flags: {
        ...(model !== undefined && { model }),
        ...(sandbox !== undefined && { sandbox }),
        ...(approvals !== undefined && { approvals }),
        ...(!options.network && { network: false }),
      },
      limits: toLimits(options.limit),
    },
  };
  for await (const engine of context.engines.listForWork()) {
    try {
      await begin(request, { engine, options, context });
      return;
    } catch (thrown) {
      if (engine.isOwn || !(thrown instanceof RlmError) || thrown.code !== 'PATH_NOT_ALLOWED') {
        throw thrown;
      }
      const why = `The engine of process ${engine.client.pid} is not asked: ${thrown.message}`;
      cli.terminal.printError(toPrintable(why));
    }
  }
}

export async function resumeRun(
  id: string,
  options: ResumeOptions,
  context: RunContext,
): Promise<void> {
  const { cli, traces, engines } = context;
  const summary = await findRun(traces, id);
  const { sessionId } = summary;
  const task = await readTask(options.task, cli);
  const request = {
    name: 'spawn_agent',
    arguments: { resume_session_id: sessionId, custom_prompt: task },
  };
  const holder = await engines.findHolder(summary);
  if (holder) {
    const isAtWork = !isAtRest(toAgentStatus(summary));
    const message = { name: 'agent_message', arguments: { session_id: sessionId, text: task } };
    const engine = { client: holder, isOwn: false };
    await begin(isAtWork ? message : request, { engine, options, context });
    return;
  }
  for await (const engine of engines.listForWork()) {
    await begin(request, { engine, options, context });
    return;
  }
}

/** Runs that this process holds are always attended, as they end with it. */
async function begin(
  request: ToolRequest,
  parts: {
    readonly engine: JoinedEngine;
    readonly options: ResumeOptions;
    readonly context: RunContext;
  },
): Promise<void> {
  const { engine, options, context } = parts;
  const { cli, traces } = context;
  const { terminal } = cli;
  const { session_id: sessionId } = await engine.client.call(request, spawned);
  if (engine.isOwn || options.wait) {
    terminal.printError(
      engine.isOwn
        ? `Run ${sessionId}. No engine with agents is running, so it is this command’s and ends with it.`
        : `Run ${sessionId}.`,
    );
    const shows = options.json ? 'nothing' : 'text';
    const attendance = { sessionId, isOwn: engine.isOwn, shows, showsAudit: false } as const;
    const ended = await attendRun(attendance, context);
    if (!ended) {
      return;
    }
    cli.exitCode = toRunExitCode(toAgentStatus(ended));
  }
  const record = await readRunRecord(traces, await findRun(traces, sessionId));
  if (options.json) {
    terminal.print(toJsonText(toRunDocument(record)));
  } else if (isAtRest(record.status)) {
    terminal.printError(
      `${sessionId} is ${record.status}. All of it: rlm-companion agents show ${sessionId}`,
    );
    if (record.place?.branch) {
      const worktrees = await context.runtime.openWorktrees({ home: toHome(options, cli) });
      terminal.printError(toPrintable(toLeftText(await worktrees.find(sessionId))));
    }
  } else {
    terminal.print(sessionId);
    terminal.printError(`Watch it by: rlm-companion agents watch ${sessionId}`);
  }
}

/** What of its work lies where: of a branch only what is committed there. */
export function toLeftText(worktree: AgentWorktree | null): string {
  if (!worktree || worktree.work === null) {
    return 'It has left nothing of its own in its worktree.';
  }
  const { work, folder, branch } = worktree;
  if (work === 'unknown') {
    return `Its work is in ${folder}; git cannot say what of it is committed on branch ${branch}.`;
  }
  const committed =
    work.commits === 0 ? [] : [`${toAmountText(work.commits, 'commit')} on branch ${branch}`];
  const open =
    work.files === 0
      ? []
      : [`${toAmountText(work.files, 'changed file')}, not committed, in ${folder}`];
  return `Its work: ${[...committed, ...open].join('; ') || `branch ${branch} in ${folder}`}.`;
}

/** `-` is standard input. */
async function readTask(given: string, { terminal }: Cli): Promise<string> {
  const task = given === '-' ? await readText(terminal.input) : given;
  if (task.trim() === '') {
    throw usageError('The task is blank.', "Say what the agent is to do: --task '…'.");
  }
  return task;
}

function toPairs(option: string, given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) {
        throw usageError(`${option} ${pair} has no name.`, `Write it as ${option} name=value.`);
      }
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

const limitNames = [
  'tokens',
  'usd',
  'turns',
  'wall_ms',
  'commands',
  'children',
  'depth',
  'idle_ms',
];

function toLimits(given: readonly string[]): Readonly<Record<string, number>> {
  const pairs = Object.entries(toPairs('--limit', given)).map(([name, text]) => {
    const limit = limitNames.find((one) => one === name.replaceAll('-', '_'));
    if (!limit || !/^\d+$/u.test(text)) {
      throw usageError(
        `--limit ${name}=${text} is no limit of agents.`,
        `Give a whole number for one of: ${limitNames.join(', ')}.`,
      );
    }
    return [limit, Number(text)] as const;
  });
  return Object.fromEntries(pairs);
}
