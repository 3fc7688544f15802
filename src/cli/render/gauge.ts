// How much of its guardrails a session has used, in one line.

import type { Limits, Usage } from '../../core/limits';
import type { Style } from './style';
import { toCountText, toDurationText } from './words';

export type GaugeLimits = Pick<Limits, 'maxSteps' | 'maxRuntimeMs' | 'budgetLimit'>;
export type GaugeUsage = Pick<Usage, 'steps' | 'runtimeMs' | 'budgetUsed'>;

const nearlyUsedUp = 0.8;

export function renderGauge(usage: GaugeUsage, limits: GaugeLimits, style: Style): string {
  const parts = [
    {
      text: `step ${toCountText(usage.steps)}/${toCountText(limits.maxSteps)}`,
      share: usage.steps / limits.maxSteps,
    },
    {
      text: `${toDurationText(usage.runtimeMs)}/${toDurationText(limits.maxRuntimeMs)}`,
      share: usage.runtimeMs / limits.maxRuntimeMs,
    },
    {
      text: `${toCountText(usage.budgetUsed)}/${toCountText(limits.budgetLimit)} characters`,
      share: usage.budgetUsed / limits.budgetLimit,
    },
  ];
  return parts
    .map(({ text, share }) => (share >= nearlyUsedUp ? style.yellow(text) : style.dim(text)))
    .join(style.dim(' · '));
}
