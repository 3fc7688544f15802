// What running a record again came to.

import { toOneLine } from '../../base/text';
import type { ReplayDifference } from '../../core/event';
import { describeChangedTexts } from '../../core/replaySources';
import { wordNextStep } from '../../core/nextSteps';
import { type ReplayReport, toUnfinishedText } from '../../core/replayRun';
import { toPrintable } from './printable';
import type { Style } from './style';
import { toAmountText } from './words';

export function renderReplay(report: ReplayReport, style: Style): string {
  const { unfinishedStep } = report;
  const ran = renderRun(report, style);
  return unfinishedStep === null
    ? ran
    : `${ran}\n${style.yellow(toUnfinishedText(unfinishedStep))}`;
}

function renderRun(report: ReplayReport, style: Style): string {
  const { stepsRun, stepsSkipped, differences, differenceCount } = report;
  const skipped =
    stepsSkipped === 0 ? '' : ` (${toAmountText(stepsSkipped, 'earlier step')} lost in the record)`;
  const head = `Ran ${toAmountText(stepsRun, 'recorded step')} again${skipped}`;
  if (differenceCount === 0 && stepsRun === 0) {
    return style.dim('No recorded step had to be run again.');
  }
  if (differenceCount === 0) {
    return style.dim(`${head}, all as recorded.`);
  }
  const count = style.yellow(toAmountText(differenceCount, 'difference'));
  const rest = differenceCount - differences.length;
  const more = rest === 0 ? '' : `\nand ${toAmountText(rest, 'more difference')}`;
  const changed = describeChangedTexts(differences);
  const advice = changed === null ? '' : `\n${toPrintable(wordNextStep(changed, 'cli'))}`;
  return `${head}: ${count}.\n${renderDifferences(differences)}${more}${advice}`;
}

export function renderDifferences(differences: readonly ReplayDifference[]): string {
  return differences
    .map(({ step, field, recorded, replayed }) =>
      toPrintable(
        `step ${step}, ${field}: ${toOneLine(recorded, 60)} → ${toOneLine(replayed, 60)}`,
      ),
    )
    .join('\n');
}
