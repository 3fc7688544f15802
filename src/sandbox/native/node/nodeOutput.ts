// What the runner tells of a step, and what programs and libraries have written past it.

import type { GuestOutcome } from '../../../protocol/worker';

export interface NodeOutput {
  readonly output: Pick<GuestOutcome, 'stdout' | 'stderr' | 'finalAnswer'> & {
    readonly dropped: Pick<GuestOutcome['dropped'], 'stdout' | 'stderr'>;
    readonly isAbridged: Readonly<Record<'stdout' | 'stderr', boolean>>;
  };
  readonly shown:
    | { readonly text: string | null; readonly dropped: number; readonly isAbridged: boolean }
    | undefined;
}

type Told = Omit<GuestOutcome, 'durationMs'>;
interface Stream {
  readonly text: string;
  readonly left: number;
}

/** After what was printed, as far as it fits. */
export function addStreams(told: Told, streams: readonly Stream[], maxChars: number): Told {
  const [out, err] = (['stdout', 'stderr'] as const).map((field, at) => {
    const { text, left } = streams[at] ?? { text: '', left: 0 };
    const kept = text.slice(0, Math.max(maxChars - told[field].length, 0));
    return {
      text: told[field] + kept,
      dropped: told.dropped[field] + text.length - kept.length + left,
    };
  });
  const { dropped } = told;
  return {
    ...told,
    stdout: out?.text ?? told.stdout,
    stderr: err?.text ?? told.stderr,
    dropped: {
      ...dropped,
      stdout: out?.dropped ?? dropped.stdout,
      stderr: err?.dropped ?? dropped.stderr,
    },
  };
}
