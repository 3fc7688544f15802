// Every tool that is offered, in the order a client shows them.

import type { Tool } from './tool';
import { addContext } from './tools/addContext';
import { answer } from './tools/answer';
import { finalize } from './tools/finalize';
import { fork } from './tools/fork';
import { getTrace } from './tools/getTrace';
import { getVar } from './tools/getVar';
import { initContext } from './tools/initContext';
import { listSessions } from './tools/listSessions';
import { runRepl } from './tools/runRepl';
import { status } from './tools/status';

export const tools: readonly Tool[] = [
  initContext,
  runRepl,
  answer,
  getVar,
  finalize,
  addContext,
  fork,
  getTrace,
  listSessions,
  status,
];
