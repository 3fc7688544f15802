// Asks for larger limits where a fork could run no step without them.

import * as vscode from 'vscode';
import type { Limits } from '../../core/limits';
import { toCountText } from '../../export/wording';
import {
  checkLimit,
  type LimitName,
  type LimitVerdict,
  suggestLimit,
  type UsedUpLimit,
} from '../forkLimits';

/** One after the other; undefined when the person gave up. */
export async function askLargerLimits(
  usedUp: readonly UsedUpLimit[],
): Promise<Partial<Limits> | undefined> {
  const chosen: Partial<Record<LimitName, number>> = {};
  for (const [index, one] of usedUp.entries()) {
    const typed = await vscode.window.showInputBox({
      title: vscode.l10n.t('Fork with larger limits ({0} of {1})', index + 1, usedUp.length),
      prompt: toQuestion(one),
      value: String(suggestLimit(one)),
      ignoreFocusOut: true, // to look something up before answering
      validateInput: (text) => toRefusal(checkLimit(one, text)),
    });
    const verdict = typed === undefined ? null : checkLimit(one, typed);
    if (verdict?.kind !== 'fits') {
      return undefined;
    }
    chosen[one.name] = verdict.limit;
  }
  return chosen;
}

function toQuestion({ name, limit, used }: UsedUpLimit): string {
  const { t } = vscode.l10n;
  const counts = [toCountText(used), toCountText(limit)];
  switch (name) {
    case 'maxSteps':
      return t(
        'By this step {0} of {1} steps are used. How many may the fork have in all?',
        ...counts,
      );
    case 'maxRuntimeMs':
      return t(
        'By this step {0} of {1} milliseconds of run time are used. How many may the fork have in all?',
        ...counts,
      );
    case 'budgetLimit':
      return t(
        'By this step {0} of {1} characters of the budget are used. How many may the fork have in all?',
        ...counts,
      );
  }
}

/** Null: it can be taken. */
function toRefusal(verdict: LimitVerdict): string | null {
  const { t } = vscode.l10n;
  switch (verdict.kind) {
    case 'fits':
      return null;
    case 'no number':
      return t('Give a whole number.');
    case 'too small':
      return t('Give more than {0}: the fork could run no step.', toCountText(verdict.above));
    case 'too large':
      return t('Give {0} at most.', toCountText(verdict.max));
  }
}
