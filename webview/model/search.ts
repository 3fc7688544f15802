// Which entries a search and the filters let through.

import type { ModelAnswered } from '../../src/core/event';
import { toVerdict } from '../../src/export/exportedTrace';
import { type AgentFilter, agentFilters, passesAgentFilter, readAgentTexts } from './agentSearch';
import type { TraceEntry, TraceStep } from './trace';

export const searchScopes = ['all', 'code', 'output', 'prompts', 'values'] as const;
export type SearchScope = (typeof searchScopes)[number];

export const stepFilters = ['all', 'problems', 'calls', 'changes'] as const;
export type StepFilter = (typeof stepFilters)[number];
export const entryFilters = [...new Set([...stepFilters, ...agentFilters])];
export type EntryFilter = StepFilter | AgentFilter;

export interface Search {
  /** Empty: everything matches. Letter case does not count. */
  readonly text: string;
  readonly scope: SearchScope;
  readonly filter: EntryFilter;
}

/** Marks do not pass: they are no step, and have no text of their own. */
export type EntryMatcher = (entry: TraceEntry) => boolean;

export function createMatcher({ text, scope, filter }: Search): EntryMatcher {
  const matchesText = text === '' ? undefined : createTextMatcher(text);
  const hasText = (texts: () => readonly string[]): boolean =>
    matchesText === undefined || texts().some((one) => matchesText(one));
  return (entry) => {
    switch (entry.kind) {
      case 'step':
        return passesFilter(entry, filter) && hasText(() => readTexts(entry, scope));
      case 'agent':
        return passesAgentFilter(entry, filter) && hasText(() => readAgentTexts(entry));
      case 'mark':
        return false;
    }
  };
}

/** The first call of a step that holds the text; 0 when none does, or nothing is searched. */
export function findCall({ calls }: TraceStep, text: string): number {
  const matchesText = text === '' ? undefined : createTextMatcher(text);
  const index = calls.findIndex((call) => matchesText && toCallTexts(call).some(matchesText));
  return Math.max(0, index);
}

/** A pattern that finds `text` as it is written, in any letter case. */
export function toPattern(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&'), 'giu');
}

function createTextMatcher(text: string): (one: string) => boolean {
  const pattern = new RegExp(toPattern(text).source, 'iu');
  return (one) => pattern.test(one);
}

function passesFilter(step: TraceStep, filter: EntryFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'problems':
      return ['error', 'stopped'].includes(toVerdict(step)) || step.calls.some(isFailedCall);
    case 'calls':
      return step.calls.length > 0;
    case 'changes':
      return (step.outcome?.changes.length ?? 0) > 0;
    case 'messages':
    case 'commands':
    case 'approvals':
      return true; // of agents alone
  }
}

function toCallTexts({ prompt, answer, error, model }: ModelAnswered): readonly string[] {
  return [prompt, answer ?? error ?? '', model];
}

function isFailedCall({ answer }: ModelAnswered): boolean {
  return answer === null;
}

function readTexts(step: TraceStep, scope: SearchScope): readonly string[] {
  switch (scope) {
    case 'all':
      return [
        `step ${step.step}`,
        ...readTexts(step, 'code'),
        ...readTexts(step, 'output'),
        ...readTexts(step, 'values'),
        ...readTexts(step, 'prompts'),
      ];
    case 'code':
      return step.code === null ? [] : [step.code];
    case 'output': {
      const { stdout = '', stderr = '', result = null, error = null } = step.outcome ?? {};
      const answer = step.outcome?.finalAnswer ?? '';
      const failure = error ? [`${error.type}: ${error.message}`, error.traceback] : [];
      return [stdout, stderr, result ?? '', answer, ...failure];
    }
    case 'prompts':
      return [...step.thinking, ...step.calls].flatMap(toCallTexts);
    case 'values':
      return (step.outcome?.changes ?? []).flatMap(({ name, preview }) => [name, preview]);
  }
}
