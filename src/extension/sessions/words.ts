// Numbers, ages and shares as the tree and the status bar write them.

import type { Limits, Usage } from '../../core/limits';
import { toCountText } from '../../export/wording';
import type { GuardrailName } from './sessionNode';

const scales = [
  { from: 1e9, by: 1e9, unit: 'G' },
  { from: 1e6, by: 1e6, unit: 'M' },
  { from: 1e4, by: 1e3, unit: 'k' },
] as const;

/** `980`, `12.4k`, `4.2M` */
export function toShortCount(count: number): string {
  const scale = scales.find(({ from }) => count >= from);
  if (!scale) {
    return toCountText(count);
  }
  const value = count / scale.by;
  return `${value >= 100 ? Math.round(value) : Number(value.toFixed(1))}${scale.unit}`;
}

const units = [
  { ms: 86_400_000, unit: 'd' },
  { ms: 3_600_000, unit: 'h' },
  { ms: 60_000, unit: 'min' },
] as const;

/** In the largest unit that fits: `4 d`, `12 min`; empty below a minute. */
export function toAge(ageMs: number): string {
  const largest = units.find(({ ms }) => ageMs >= ms);
  return largest ? `${Math.floor(ageMs / largest.ms)} ${largest.unit}` : '';
}

export interface Gauge {
  readonly used: number;
  readonly allowed: number;
}

export function toGauge(name: GuardrailName, limits: Limits, usage: Usage): Gauge {
  switch (name) {
    case 'steps':
      return { used: usage.steps, allowed: limits.maxSteps };
    case 'runtime':
      return { used: usage.runtimeMs, allowed: limits.maxRuntimeMs };
    case 'budget':
      return { used: usage.budgetUsed, allowed: limits.budgetLimit };
    case 'llmCalls':
      return { used: usage.llmCalls, allowed: limits.maxLlmCalls };
    case 'llmTokens':
      return { used: usage.llmTokens, allowed: limits.maxLlmTokens };
  }
}

/** From 0 to 100, also when nothing is allowed. */
export function toPercent({ used, allowed }: Gauge): number {
  return allowed <= 0 ? 0 : Math.min(100, Math.round((used / allowed) * 100));
}
