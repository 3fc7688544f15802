// What the variables of a session hold, as a model is shown it when no more code runs.

import { cutMiddle } from '../base/text';
import { RlmError } from '../core/errors';
import type { VariableInfo } from '../core/sandbox';
import type { Session } from '../core/session';
import { describeVariable } from './observation';

const maxVariables = 40;
const valueChars = 3_000;
const totalChars = 24_000;
/** What holds no finding. */
const workType = /function|method|module|class|type|import|pattern/iu;

/** `variables`: the most recent last; those are shown first. */
export async function describeVariables(
  variables: readonly VariableInfo[],
  session: Pick<Session, 'readVariable'>,
  signal: AbortSignal,
): Promise<string> {
  const recent = variables.filter(({ type }) => !workType.test(type)).reverse();
  const lines: string[] = [];
  let left = totalChars;
  for (const variable of recent.slice(0, maxVariables)) {
    const line = cutMiddle(await describeValue(variable, session, signal), left);
    lines.push(line);
    left -= line.length;
    if (left <= 0) {
      break;
    }
  }
  const more = recent.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more variables`] : [])].join('\n\n') || 'nothing';
}

async function describeValue(
  variable: VariableInfo,
  session: Pick<Session, 'readVariable'>,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { name } = variable;
    const value = await session.readVariable({ name, offset: 0, maxChars: valueChars }, signal);
    const more = value.totalChars > valueChars ? `, the first ${valueChars}` : '';
    const lack = value.incomplete === null ? '' : `, not whole: ${value.incomplete}`;
    return `${name} (${value.type}, ${value.totalChars} characters${more}${lack}):\n${value.text}`;
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RlmError)) {
      throw thrown;
    }
    return describeVariable(variable); // it cannot be read any more: what the last step showed of it
  }
}
