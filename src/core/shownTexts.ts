// A step's texts as they are shown: where one was cut, its own mark says so at its end.

import { toCutMark } from '../base/text';
import type { Outcome } from './sandbox';

type StepTexts = Pick<Outcome, 'stdout' | 'stderr' | 'result' | 'dropped'>;

/** Marks are made where texts are shown, so that they count against no budget and make no replay differ. */
export function toShownTexts(texts: StepTexts): Pick<Outcome, 'stdout' | 'stderr' | 'result'> {
  const { stdout, stderr, result, dropped } = texts;
  return {
    stdout: mark(stdout, dropped.stdout),
    stderr: mark(stderr, dropped.stderr),
    result: result === null ? null : mark(result, dropped.result),
  };
}

export function countDropped({ dropped }: Pick<Outcome, 'dropped'>): number {
  return dropped.stdout + dropped.stderr + dropped.result;
}

function mark(text: string, dropped: number): string {
  return dropped > 0 ? text + toCutMark(dropped) : text;
}
