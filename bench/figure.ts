// What a case finds: figures with their spread, and the target each is judged by.

import type { Spread } from './measure';

export type Unit =
  | ('ms' | 's' | 'MB' | 'KB' | '×' | 'sessions' | 'steps/s')
  | ('agents' | 'actions' | 'processes' | 'worktrees' | 'files' | 'commits' | 'kills')
  | ('calls' | 'tokens');

export type Target = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  /** Or why there is none. */
  readonly found: Spread | { readonly missing: string };
  readonly target?: Target;
  /** Its place in the plot. */
  readonly point?: { readonly series: Series; readonly contextBytes: number };
}

/** Curves of the plot, in the order of its legend. */
export const seriesNames = [
  'fresh Python process per step',
  'MCP over HTTP',
  'MCP over stdio',
  'Python session',
  'JavaScript session',
  'exec in one native process',
] as const;
export type Series = (typeof seriesNames)[number];

export type Verdict = 'yes' | 'no' | 'not measured' | '';

export function judge({ found, target }: Figure): Verdict {
  if (!target) {
    return '';
  }
  if ('missing' in found) {
    return 'not measured';
  }
  const isMet = 'atMost' in target ? found.median <= target.atMost : found.median >= target.atLeast;
  return isMet ? 'yes' : 'no';
}

type Extras = Omit<Figure, 'name' | 'unit' | 'found'>;

/** Milliseconds. */
export function toFigure(
  name: string,
  found: Spread | { readonly missing: string },
  extras: Extras = {},
): Figure {
  return { name, unit: 'ms', found, ...extras };
}

/** One number that was counted or taken once. */
export function toCount(name: string, unit: Unit, value: number, extras: Extras = {}): Figure {
  return { name, unit, found: { median: value, low: value, high: value, count: 1 }, ...extras };
}

export function scale(spread: Spread, factor: number): Spread {
  const { median, low, high, count } = spread;
  return { median: median * factor, low: low * factor, high: high * factor, count };
}
