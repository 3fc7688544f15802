// How much of each guardrail is used, also while a step is running.

import { narrowLimits } from '../../src/core/sharedLimits';
import type { Summary } from '../../src/core/summary';
import {
  type Gauge,
  type Translate,
  toAgentGauges,
  toGauges,
  toPercent,
} from '../../src/export/wording';
import type { TraceStep } from './trace';

export interface ShownGauge extends Gauge {
  readonly percent: number;
  readonly level: 'low' | 'high' | 'full';
}

const highPercent = 80;

/** `running`: the step that runs at `now`; its time, and that of an agent at work, counts as it passes. */
export function toShownGauges(
  summary: Summary,
  running: TraceStep | null,
  { now, translate }: { readonly now: number; readonly translate: Translate },
): readonly ShownGauge[] {
  return readGauges(summary, running, { now, translate }).map((gauge) => {
    const percent = toPercent(gauge.used, gauge.allowed);
    const level = percent >= 100 ? 'full' : percent >= highPercent ? 'high' : 'low';
    return { ...gauge, percent, level };
  });
}

function readGauges(
  summary: Summary,
  running: TraceStep | null,
  { now, translate }: { readonly now: number; readonly translate: Translate },
): readonly Gauge[] {
  if (summary.agent) {
    const { limits, usage } = summary.agent;
    const since = summary.status === 'running' ? Math.max(0, now - summary.updatedAt) : 0;
    const wallMs = Math.max(usage.wallMs, Math.min(limits.wallMs, usage.wallMs + since));
    return toAgentGauges(limits, { ...usage, wallMs }, translate);
  }
  const { usage } = summary;
  const limits = narrowLimits(summary);
  const sinceStart = Math.max(0, now - (running?.startedAt ?? now));
  const runtimeMs = Math.min(limits.maxRuntimeMs, usage.runtimeMs + sinceStart);
  return toGauges(limits, { ...usage, runtimeMs: Math.max(usage.runtimeMs, runtimeMs) }, translate);
}
