// What an agent asks for, as a text that a person can judge: whole, or not offered to be judged there.

import type { OpenApproval } from '../../core/agent/approvalDesk';
import { toPlainText } from '../plainText';

/** A notification or a label has one line, and the editor cuts longer ones without a word. */
export const lineChars = 500;
/** A dialog has many. */
export const dialogChars = 2_000;

export type Asked = Pick<OpenApproval, 'command' | 'cwd' | 'diff' | 'reason'>;

/**
 * The command as it is shown in one line; null where it cannot be: it is longer, has several lines or characters that
 * would be shown otherwise, or there is something beside it to be judged.
 */
export function toWholeLine({ command, diff }: Asked, maxChars = lineChars): string | null {
  return command === null || diff !== null || /[\n\r\t]| {2}|^ | $/u.test(command)
    ? null
    : toWhole(command, maxChars);
}

/** All of it, for a dialog; null where it is too long for one, or would be shown otherwise. */
export function toWholeText({ command, cwd, diff, reason }: Asked): string | null {
  if (command === null || diff !== null) {
    return null;
  }
  const whole = toWhole(command, dialogChars);
  const more = [cwd, reason].filter((text) => text !== null).map(toPlainText);
  const text = whole && [whole, ...more].join('\n\n');
  return text !== null && text.length <= 2 * dialogChars ? text : null;
}

/** The folder that it would run in, in one line; null where it cannot be shown so. */
export function toWholeFolder({ cwd }: Asked): string | null {
  return cwd === null || /[\n\r\t]| {2}|^ | $/u.test(cwd) ? null : toWhole(cwd, lineChars);
}

function toWhole(command: string, maxChars: number): string | null {
  return command.length <= maxChars && toPlainText(command) === command ? command : null;
}
