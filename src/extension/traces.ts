// Reading traces without an engine. Loaded when the first trace is asked for: it is small beside the
// engine's bundle, which an untrusted window never loads.

import { homedir } from 'node:os';
import path from 'node:path';
import { createTimeOrderedId } from '../base/ids';
import type { TraceStore } from '../core/traceStore';
import type { ExportedTrace } from '../export/exportedTrace';
import { type ExportFormat, exportTrace as exportWithViewer } from '../export/exportTrace';
import { isEngineAlive } from '../store/engineFile';
import { FileTraceStore } from '../store/fileTraceStore';
import { createHome, toHomePath } from '../store/home';

/** The document piece by piece; an HTML page takes in the viewer of this build. */
export function exportTrace(format: ExportFormat, trace: ExportedTrace): AsyncIterable<string> {
  return exportWithViewer(format, trace, path.join(__dirname, 'webview'));
}

/** `given`: the home folder that is set; null leaves it to the environment and the platform. */
export async function openTraces(given: string | null): Promise<TraceStore> {
  const { env, platform } = process;
  const home = await createHome(given ?? toHomePath({ env, platform, homedir: homedir() }));
  return new FileTraceStore({
    home,
    engineId: createTimeOrderedId(Date.now()),
    isEngineAlive: (engineId) => isEngineAlive(home, engineId),
  });
}
