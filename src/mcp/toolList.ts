// Every tool that is offered, in the order a client shows them.

import type { Tool } from './tool';
import { agentMessage } from './tools/agentMessage';
import { approveAgent } from './tools/approveAgent';
import { listAgents } from './tools/listAgents';
import { logContext } from './tools/logContext';
import { spawnAgent } from './tools/spawnAgent';
import { summarizeSession } from './tools/summarizeSession';
import { terminateSession } from './tools/terminateSession';
import { addContext } from './tools/addContext';
import { analyze } from './tools/analyze';
import { answer } from './tools/answer';
import { code } from './tools/code';
import { decompose } from './tools/decompose';
import { execute } from './tools/execute';
import { finalize } from './tools/finalize';
import { fork } from './tools/fork';
import { getTrace } from './tools/getTrace';
import { getVar } from './tools/getVar';
import { initContext } from './tools/initContext';
import { listSessions } from './tools/listSessions';
import { runRepl } from './tools/runRepl';
import { searchRuns } from './tools/searchRuns';
import { sandboxDownload } from './tools/sandboxDownload';
import { sandboxExec } from './tools/sandboxExec';
import { sandboxExecStateful } from './tools/sandboxExecStateful';
import { sandboxFiles } from './tools/sandboxFiles';
import { sandboxShell } from './tools/sandboxShell';
import { sandboxUpload } from './tools/sandboxUpload';
import { status } from './tools/status';
import { wait } from './tools/wait';

export const tools: readonly Tool[] = [
  initContext,
  runRepl,
  answer,
  getVar,
  finalize,
  addContext,
  fork,
  execute,
  analyze,
  code,
  decompose,
  wait,
  sandboxExec,
  sandboxExecStateful,
  sandboxUpload,
  sandboxDownload,
  sandboxFiles,
  sandboxShell,
  listAgents,
  spawnAgent,
  agentMessage,
  approveAgent,
  summarizeSession,
  terminateSession,
  logContext,
  getTrace,
  searchRuns,
  listSessions,
  status,
];

/** Tools that change nothing, by each of their names: asking them twice does no harm. */
export const readOnlyToolNames: ReadonlySet<string> = new Set(
  tools
    .filter(({ listed }) => listed.annotations?.readOnlyHint === true)
    .flatMap(({ name, alias }) => (alias === null ? [name] : [name, alias])),
);
