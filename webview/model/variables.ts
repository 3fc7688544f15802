// What the variables were after each step, by folding the changes that the trace recorded.

import type { VariableInfo } from '../../src/core/sandbox';
import type { TraceEntry, TraceMark, TraceStep } from './trace';

export interface VariableState extends VariableInfo {
  /** The step that gave it this value; 0 for what was there before the first. */
  readonly step: number;
  readonly origin: 'code' | 'context';
}

export interface VariableVersion {
  readonly step: number;
  readonly change: 'added' | 'changed' | 'removed' | 'lost' | 'loaded';
  /** Null when it is gone. */
  readonly state: VariableState | null;
}

export interface VariableComparison {
  readonly name: string;
  readonly change: VariableVersion['change'];
  readonly before: VariableState | null;
  readonly after: VariableState | null;
}

type Variables = ReadonlyMap<string, VariableState>;

/** By name, after the last entry of `throughStep` (null: after all). */
export function readVariables(
  entries: readonly TraceEntry[],
  throughStep: number | null,
): Variables {
  const variables = new Map<string, VariableState>();
  for (const entry of entries) {
    if (throughStep !== null && stepOf(entry) > throughStep) {
      break;
    }
    for (const { name, after } of toComparisons(entry, variables)) {
      if (after) {
        variables.set(name, after);
      } else {
        variables.delete(name);
      }
    }
  }
  return variables;
}

/** What one step did to the variables, with what they were before it. */
export function compareVariables(
  entries: readonly TraceEntry[],
  step: TraceStep,
): readonly VariableComparison[] {
  return toComparisons(step, readVariables(entries, step.step - 1));
}

/** Every value a variable has had, oldest first. */
export function readHistory(
  entries: readonly TraceEntry[],
  name: string,
): readonly VariableVersion[] {
  const versions: VariableVersion[] = [];
  const variables = new Map<string, VariableState>();
  for (const entry of entries) {
    for (const { name: changed, change, after } of toComparisons(entry, variables)) {
      if (changed !== name) {
        continue;
      }
      versions.push({ step: stepOf(entry), change, state: after });
      if (after) {
        variables.set(name, after);
      } else {
        variables.delete(name);
      }
    }
  }
  return versions;
}

function stepOf(entry: TraceEntry): number {
  switch (entry.kind) {
    case 'step':
      return entry.step;
    case 'mark':
      return entry.event.step;
    case 'agent':
      return entry.first.step;
  }
}

function toComparisons(entry: TraceEntry, before: Variables): readonly VariableComparison[] {
  switch (entry.kind) {
    case 'step':
      return toStepComparisons(entry, before);
    case 'mark':
      return toMarkComparisons(entry);
    case 'agent':
      return []; // an agent has no variables
  }
}

function toMarkComparisons({ event }: TraceMark): readonly VariableComparison[] {
  if (event.kind !== 'context.loaded') {
    return [];
  }
  const { variable, shape, totalChars, sourceCount, preview } = event.context;
  const after: VariableState = {
    name: variable,
    type: shape === 'string' ? 'text' : 'texts by path',
    size: shape === 'string' ? totalChars : sourceCount,
    preview,
    step: event.step,
    origin: 'context',
  };
  return [{ name: variable, change: 'loaded', before: null, after }];
}

function toStepComparisons(
  { step, outcome }: TraceStep,
  before: Variables,
): readonly VariableComparison[] {
  if (!outcome) {
    return [];
  }
  const lost = outcome.stateLost
    ? [...before.values()].filter(({ origin }) => origin === 'code')
    : [];
  return [
    ...lost.map((state) => toComparison(state.name, 'lost', { before: state, after: null })),
    ...outcome.changes.map(({ change, name, type, size, preview }) => {
      const known = before.get(name) ?? null;
      const after: VariableState = { name, type, size, preview, step, origin: 'code' };
      const states = { before: known, after: change === 'removed' ? null : after };
      return toComparison(name, change, states);
    }),
  ];
}

function toComparison(
  name: string,
  change: VariableVersion['change'],
  states: Pick<VariableComparison, 'before' | 'after'>,
): VariableComparison {
  return { name, change, ...states };
}
