// What the run ran on, without names of hosts or paths.

import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';
import type { NoiseFloor } from './measure';
import type { PythonProgram } from './python';
import { toNumberText } from './report';

export function describeMachine(python: PythonProgram | null): string {
  return `${describeComputer()}, ${python ? `native Python ${python.version}` : 'no native Python'}.`;
}

export function describeComputer(): string {
  const model = cpus()[0]?.model.trim().replace(/\s+/gu, ' ') || 'unknown processor';
  return [
    `${availableParallelism()} × ${model}`,
    `${Math.round(totalmem() / 2 ** 30)} GB of memory`,
    `${platform()} ${arch()}`,
    `Node ${process.versions.node}`,
  ].join(', ');
}

export function readLoad(): string {
  return toNumberText(loadavg()[0] ?? 0);
}

export function describeNoise(noise: NoiseFloor): string {
  const { median, low, high, worst, count } = noise.spread;
  const share = (value: number): string => `${Math.round((100 * value) / median)} %`;
  return (
    `A fixed piece of computing and copying, run ${count} times between the rounds, took ` +
    `${toNumberText(median)} ms; its quartiles lay ${share(high - low)} of that apart, ` +
    `and one in twenty took ${share(worst)} of it or more. Smaller differences between figures are noise.`
  );
}
