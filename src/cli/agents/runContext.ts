// What every command about agents works with: the traces of the home, the engines, and how a run's end is an exit code.

import type { AgentStatus } from '../../core/agent/agentState';
import type { TraceStore } from '../../core/traceStore';
import type { Cli, CliRuntime } from '../cli';
import { type ExitCode, exitCodes } from '../failure';
import { type GlobalOptions, toHome } from '../options';
import { toPrintable } from '../render/printable';
import { toRoots } from '../roots';
import { AgentEngines } from './agentEngines';

export interface AgentsOptions extends GlobalOptions {
  /** Folders that an engine of this process may use. */
  readonly root?: readonly string[];
  readonly json?: true;
}

export interface RunContext {
  readonly cli: Cli;
  readonly runtime: CliRuntime;
  readonly traces: TraceStore;
  readonly engines: AgentEngines;
}

/** `folders`: that were named beside the roots. */
export async function withRuns(
  options: AgentsOptions,
  cli: Cli,
  run: (context: RunContext) => Promise<void>,
  folders: readonly string[] = [],
): Promise<void> {
  const runtime = await cli.loadRuntime();
  const home = toHome(options, cli);
  const say = (line: string): void => cli.terminal.printError(toPrintable(line));
  const engines = new AgentEngines({
    runtime,
    options: {
      home,
      roots: await toRoots(cli.cwd, { roots: options.root ?? [], files: folders }),
      baseFolder: cli.cwd,
      log: say,
    },
    say,
  });
  const traces = await runtime.openTraces({ home });
  try {
    await run({ cli, runtime, traces, engines });
  } finally {
    await engines.close();
    traces.dispose();
  }
}

const exitCodeOf: Partial<Record<AgentStatus, ExitCode>> = {
  failed: exitCodes.failed,
  interrupted: exitCodes.failed,
  terminated: exitCodes.guardrail,
};

/** Of a run that is at rest. */
export function toRunExitCode(status: AgentStatus): ExitCode {
  return exitCodeOf[status] ?? exitCodes.ok;
}
