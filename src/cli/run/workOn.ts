// What a person does with a session once it is there: run given code, or type.

import type { Engine } from '../../core/engine';
import type { ReplayReport } from '../../core/replayRun';
import type { Session } from '../../core/session';
import type { Cli, CliRuntime } from '../cli';
import { printPlaceWarnings } from '../render/context';

interface Work {
  /** Null: the person types. */
  readonly steps: readonly string[] | null;
  readonly asJson: boolean;
  /** What was run again to get here, for the JSON document. */
  readonly replay?: ReplayReport | null;
  readonly engine: Pick<Engine, 'traces'>;
  readonly runtime: Pick<CliRuntime, 'exportTrace'>;
  readonly cli: Cli;
}

export async function workOn(session: Session, work: Work): Promise<void> {
  const { steps, asJson, replay = null, engine, runtime, cli } = work;
  printPlaceWarnings(session.seed.sandbox, cli.terminal);
  if (steps === null) {
    const { runRepl } = await import('./repl');
    await runRepl({ engine, session, runtime, cli });
  } else {
    const { runCode } = await import('./runCode');
    cli.exitCode = await runCode(session, steps, { cli, asJson, replay });
  }
}
