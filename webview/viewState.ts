// What the user has chosen to see. It is kept over a reload, so what comes back is checked.

import {
  type EntryFilter,
  type Search,
  type SearchScope,
  entryFilters,
  searchScopes,
} from './model/search';

export const tabs = ['steps', 'variables', 'session'] as const;
export type Tab = (typeof tabs)[number];

export interface ViewState {
  /** Read by the editor too, which finds the trace by it after a restart. */
  readonly sessionId: string;
  readonly tab: Tab;
  /** The selected step; null before there is one. */
  readonly step: number | null;
  /** The number of the selected entry of an agent; null before there is one. */
  readonly entry: number | null;
  /** The selected sub-model call of the selected step. */
  readonly call: number;
  /** The newest step or entry is selected as it comes. */
  readonly follow: boolean;
  readonly timeline: boolean;
  readonly skipIdle: boolean;
  /** The shown part of the time axis, from 0 to 1. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly scope: SearchScope;
  readonly filter: EntryFilter;
  /** Empty: none. */
  readonly variable: string;
  readonly variableText: string;
  /** Variables as they were after the selected step, not as they are. */
  readonly atStep: boolean;
  /** Pixels. */
  readonly listWidth: number;
  readonly listScroll: number;
  readonly detailScroll: number;
}

const initial: ViewState = {
  sessionId: '',
  tab: 'steps',
  step: null,
  entry: null,
  call: 0,
  follow: true,
  timeline: true,
  skipIdle: true,
  from: 0,
  to: 1,
  text: '',
  scope: 'all',
  filter: 'all',
  variable: '',
  variableText: '',
  atStep: false,
  listWidth: 360,
  listScroll: 0,
  detailScroll: 0,
};

/** The initial state with every kept value that is of the right kind. */
export function restoreViewState(kept: unknown): ViewState {
  const given: Partial<Record<string, unknown>> =
    typeof kept === 'object' && kept !== null ? { ...kept } : {};
  const restored = Object.entries(initial).map(([key, fallback]: [string, unknown]) => {
    const value = given[key];
    return [key, typeof value === typeof fallback ? value : fallback];
  });
  const state = Object.fromEntries(restored) as ViewState; // each value has the type of its initial one
  return {
    ...state,
    step: pickNumber(given['step']),
    entry: pickNumber(given['entry']),
    tab: pick(tabs, state.tab),
    scope: pick(searchScopes, state.scope),
    filter: pick(entryFilters, state.filter),
    ...pickRange(state),
  };
}

export function toSearch({ text, scope, filter }: ViewState): Search {
  return { text, scope, filter };
}

function pick<T extends string>(choices: readonly T[], value: T): T {
  return choices.find((choice) => choice === value) ?? (choices[0] as T); // the lists above are not empty
}

function pickNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

function pickRange({ from, to }: ViewState): Pick<ViewState, 'from' | 'to'> {
  return from >= 0 && to <= 1 && to > from ? { from, to } : { from: 0, to: 1 };
}
