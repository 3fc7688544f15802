// The limits that a fork needs larger ones of: it begins with what its parent had used by that step.

import { type Limits, limitRanges, type Usage } from '../core/limits';

const limited = {
  maxSteps: 'steps',
  maxRuntimeMs: 'runtimeMs',
  budgetLimit: 'budgetUsed',
} as const;
export type LimitName = keyof typeof limited;

export interface UsedUpLimit {
  readonly name: LimitName;
  readonly limit: number;
  readonly used: number;
}

export type LimitVerdict =
  | { readonly kind: 'fits'; readonly limit: number }
  | { readonly kind: 'no number' }
  /** The fork could run no step. */
  | { readonly kind: 'too small'; readonly above: number }
  | { readonly kind: 'too large'; readonly max: number };

/** Those by which a fork could run no step. */
export function findUsedUp(limits: Limits, usage: Usage): readonly UsedUpLimit[] {
  return (Object.keys(limited) as LimitName[]) // the keys of the table above
    .map((name) => ({ name, limit: limits[name], used: Math.ceil(usage[limited[name]]) }))
    .filter(({ limit, used }) => used >= limit);
}

/** Else nothing can be asked for: the fork is refused, with what else can be done. */
export function canRaise({ name, used }: UsedUpLimit): boolean {
  return used < limitRanges[name].max;
}

/** Twice the limit, or what was used and as much as the limit again; as far as it may go. */
export function suggestLimit({ name, limit, used }: UsedUpLimit): number {
  return Math.min(limitRanges[name].max, Math.max(limit * 2, used + limit));
}

/** Groups of three digits may be apart. */
const wholeNumber = /^(?:\d{1,15}|\d{1,3}(?:[ \u00a0\u202f,._'’]\d{3}){1,4})$/u;

export function checkLimit({ name, used }: UsedUpLimit, text: string): LimitVerdict {
  const { min, max } = limitRanges[name];
  const limit = wholeNumber.test(text.trim()) ? Number(text.replaceAll(/\D/gu, '')) : NaN;
  if (Number.isNaN(limit)) {
    return { kind: 'no number' };
  }
  const above = Math.max(used, min - 1);
  if (limit <= above) {
    return { kind: 'too small', above };
  }
  return limit > max ? { kind: 'too large', max } : { kind: 'fits', limit };
}
