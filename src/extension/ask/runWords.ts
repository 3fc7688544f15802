// What a person is told of a run: how far it is, and how it ended.

import * as vscode from 'vscode';
import type { LoopProgress, LoopResult } from '../../core/loop';
import { toCountText } from '../../export/wording';
import { toPlainLine } from '../plainText';

const codeChars = 80;

/** Null for what is not worth a line of its own. */
export function toProgressText(progress: LoopProgress): string | null {
  const { l10n } = vscode;
  switch (progress.kind) {
    case 'thinking':
      return l10n.t(
        'Iteration {0} of {1}: the model writes code',
        progress.iteration,
        progress.maxIterations,
      );
    case 'running':
      return l10n.t(
        'Iteration {0}: running {1}',
        progress.iteration,
        toPlainLine(progress.code, codeChars),
      );
    case 'subtask':
      return toPlainLine(progress.title, codeChars);
    case 'opened':
    case 'text':
    case 'ran':
      return null;
  }
}

/** One sentence. */
export function toCauseText({ answer, finishReason, iterations }: LoopResult): string {
  const { l10n } = vscode;
  if (finishReason === 'submitted') {
    return iterations === 1
      ? l10n.t('The code handed in this answer in its first iteration.')
      : l10n.t('The code handed in this answer after {0} iterations.', iterations);
  }
  if (finishReason === 'max_iterations') {
    return answer === null
      ? l10n.t('All {0} iterations are used up, and there is no answer.', iterations)
      : l10n.t(
          'All {0} iterations are used up: this answer was drawn from what the variables held.',
          iterations,
        );
  }
  return answer === null
    ? l10n.t('The guardrail {0} ended the run before there was an answer.', finishReason)
    : l10n.t('The guardrail {0} ended the run.', finishReason);
}

export function toUsageText({ usage }: LoopResult): string {
  return vscode.l10n.t(
    'steps {0} · model calls {1} · tokens {2}',
    usage.steps,
    toCountText(usage.llmCalls),
    toCountText(usage.llmTokens),
  );
}
