// Brings an earlier session's variables back by running its record again, then works with them.

import { requireRepl } from '../../core/agent/replOnly';
import type { Engine } from '../../core/engine';
import type { ReplayProgress, Resumed } from '../../core/sessionOpener';
import type { Summary } from '../../core/summary';
import type { TraceStore } from '../../core/traceStore';
import type { Cli } from '../cli';
import { type CodeOptions, readGivenSteps } from '../code';
import { type GlobalOptions, toHome } from '../options';
import { renderReplay } from '../render/replay';
import { toAbsolute, toRoots } from '../roots';
import { findSession, readAllEvents } from '../traces';
import { workOn } from './workOn';

export interface ReplayedOptions extends GlobalOptions, CodeOptions {
  readonly root: readonly string[];
}

type Replay = (
  engine: Engine,
  sessionId: string,
  control: { readonly signal: AbortSignal; readonly onProgress: ReplayProgress },
) => Promise<Resumed>;

/** The folders of the files the session had loaded may be read again. */
export async function workOnReplayed(
  idOrStart: string,
  replay: Replay,
  { options, cli }: { readonly options: ReplayedOptions; readonly cli: Cli },
): Promise<void> {
  const runtime = await cli.loadRuntime();
  const home = toHome(options, cli);
  const { summary: found, files } = await readRecord(await runtime.openTraces({ home }), idOrStart);
  const summary = requireRepl(found);
  const steps = await readGivenSteps(options, summary.language, cli);
  const engine = await runtime.createEngine({
    home,
    roots: await toRoots(cli.cwd, { roots: options.root, files }),
    baseFolder: cli.cwd,
    log: () => undefined,
  });
  try {
    const { session, report } = await runReplay(replay, { engine, summary, cli });
    const asJson = options.json === true;
    if (report && !asJson) {
      cli.terminal.printError(renderReplay(report, cli.terminal.errorStyle));
    }
    await workOn(session, { steps, asJson, replay: report, engine, runtime, cli });
  } finally {
    await engine.close();
  }
}

async function readRecord(
  traces: TraceStore,
  idOrStart: string,
): Promise<{ readonly summary: Summary; readonly files: readonly string[] }> {
  try {
    const summary = await findSession(traces, idOrStart);
    const files: string[] = [];
    for await (const event of readAllEvents(traces, summary.sessionId)) {
      if (event.kind === 'context.loaded') {
        const { paths, baseFolder } = event.given;
        files.push(...paths.map((one) => toAbsolute(baseFolder, one)));
      }
    }
    return { summary, files };
  } finally {
    traces.dispose();
  }
}

async function runReplay(
  replay: Replay,
  parts: { readonly engine: Engine; readonly summary: Summary; readonly cli: Cli },
): Promise<Resumed> {
  const { terminal, interrupts } = parts.cli;
  try {
    return await interrupts.during((signal) =>
      replay(parts.engine, parts.summary.sessionId, {
        signal,
        onProgress: (done, total) => terminal.showProgress(`replaying ${done} of ${total}`),
      }),
    );
  } finally {
    terminal.showProgress('');
  }
}
