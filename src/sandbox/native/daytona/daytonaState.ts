// The states of a sandbox at Daytona: which of them it leaves by itself, and the wait until it has started.

import { setTimeout as delay } from 'node:timers/promises';
import type { StartControl } from '../../workerPool';
import { createUnavailable } from '../unavailable';
import type { DaytonaApi, DaytonaSandbox } from './daytonaApi';

const startTimeoutMs = 180_000;
const pollMs = 500;

/** States from which a sandbox comes to be started by itself. Source: daytonaio/daytona, sandbox-state.enum.ts. */
const startingStates: readonly string[] = [
  'creating',
  'starting',
  'restoring',
  'resuming',
  'pending_build',
  'building_snapshot',
  'pulling_snapshot',
  'unknown',
];

/** In which its processes go on, also while something is done with it. */
const runningStates: readonly string[] = ['started', 'resizing', 'snapshotting', 'forking'];

/** Its processes run, or may once it has started. */
export function isGoingOn(state: string): boolean {
  return runningStates.includes(state) || startingStates.includes(state);
}

export async function untilStarted(
  api: DaytonaApi,
  made: DaytonaSandbox,
  { signal, onStage }: StartControl,
): Promise<DaytonaSandbox> {
  const until = performance.now() + startTimeoutMs;
  let sandbox: DaytonaSandbox | null = made;
  while (sandbox && sandbox.state !== 'started') {
    const { state, errorReason } = sandbox;
    if (!startingStates.includes(state)) {
      throw createUnavailable(
        `Daytona’s sandbox did not start: it is ${state}${errorReason ? ` (${errorReason.slice(0, 300)})` : ''}.`,
        'Check the snapshot that is set with Daytona, then call again.',
      );
    }
    if (performance.now() > until) {
      throw createUnavailable(
        `Daytona’s sandbox is still ${state} after ${startTimeoutMs / 1_000} s.`,
        'Call again in a while; a snapshot that is used for the first time is fetched first.',
      );
    }
    onStage(`Daytona’s sandbox is ${toPrintableState(state)}`);
    await delay(pollMs, undefined, { signal });
    sandbox = await api.readSandbox(made.id, signal);
  }
  if (!sandbox) {
    throw createUnavailable('Daytona’s sandbox was deleted while it started.', 'Call again.');
  }
  return sandbox;
}

function toPrintableState(state: string): string {
  return state.replaceAll(/[^a-z]+/gu, ' ');
}
