// Numbers, durations and ages as people read them.

export function toCountText(count: number): string {
  return count.toLocaleString('en');
}

/** `3 steps`, `1 step`. */
export function toAmountText(count: number, noun: string): string {
  return `${toCountText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function toDurationText(durationMs: number): string {
  if (durationMs < 1_000) {
    return `${Math.round(durationMs)} ms`;
  }
  if (durationMs < 120_000) {
    const seconds = durationMs / 1_000;
    return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(durationMs / 60_000);
  const seconds = Math.floor((durationMs % 60_000) / 1_000);
  return minutes < 120 ? `${minutes} min ${seconds} s` : toAgeText(durationMs);
}

const ageUnits = [
  { unitMs: 86_400_000, name: 'd' },
  { unitMs: 3_600_000, name: 'h' },
  { unitMs: 60_000, name: 'min' },
  { unitMs: 1_000, name: 's' },
];

/** In the largest unit that fits: `4 d`, `12 min`. */
export function toAgeText(ageMs: number): string {
  const unit = ageUnits.find(({ unitMs }) => ageMs >= unitMs);
  return unit ? `${Math.floor(ageMs / unit.unitMs)} ${unit.name}` : '0 s';
}
