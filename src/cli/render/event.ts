// One event of a trace as a few readable lines.

import { toOneLine } from '../../base/text';
import { toAgentLine } from '../../core/agent/agentWords';
import {
  type AgentEvent,
  isAgentEvent,
  type SessionOpened,
  type TraceEvent,
} from '../../core/event';
import { toCommandText, toFileText } from '../../export/wording';
import { toFallbackWarnings, toPlaceName } from '../../core/sandboxPlace';
import { renderContext } from './context';
import { toPrintable } from './printable';
import { renderDifferences } from './replay';
import { renderStep } from './step';
import type { Style } from './style';
import { toAmountText, toDurationText } from './words';

export function renderEvent(event: TraceEvent, style: Style): string {
  const time = new Date(event.at).toISOString().replace('T', ' ').slice(0, 19);
  const head = `${style.dim(time)}  ${style.bold(`[${event.step}]`)} ${toHead(event, style)}`;
  const body = toBody(event, style);
  return body === '' ? head : `${head}\n${indent(body)}`;
}

function toOpenedText({ agent, language, sandbox }: SessionOpened): string {
  return agent ? `agent ${agent.profileId}` : `${language}, ${toPlaceName(sandbox)}`;
}

function toAgentHead(event: AgentEvent, style: Style): string {
  const { title, detail } = toAgentLine(event);
  return detail === ''
    ? toPrintable(title)
    : `${toPrintable(title)} ${style.dim(toPrintable(detail))}`;
}

/** What its line has no room for. */
function toAgentBody(event: AgentEvent): string {
  const { detail } = toAgentLine(event);
  const whole = (text: string | null): string => (text === null || text === detail ? '' : text);
  const texts = toAgentTexts(event).map((text) => whole(text).trimEnd());
  const dropped = 'droppedChars' in event ? event.droppedChars : 0;
  const note = dropped > 0 ? `(${toAmountText(dropped, 'character')} more were not recorded)` : '';
  return toPrintable([...texts, note].filter((text) => text !== '').join('\n'));
}

function toAgentTexts(event: AgentEvent): readonly (string | null)[] {
  switch (event.kind) {
    case 'agent.said':
      return [event.text];
    case 'agent.started':
      return [event.command];
    case 'agent.ran':
      return [event.command, event.output];
    case 'agent.edited':
      return [event.diff];
    case 'agent.called':
      return [event.arguments, event.output];
    case 'agent.asked':
      return [event.command, event.diff, event.reason];
    case 'agent.noted':
      return [event.note];
    case 'agent.summarized':
      return [event.narrative, event.facts];
    case 'agent.failed':
      return [event.message];
    case 'agent.refused':
      return [event.what];
    case 'agent.changed':
      return event.leftBehind.map((left) => `left behind: ${left}`);
    case 'agent.decided':
    case 'agent.checked':
    case 'agent.delegated':
    case 'agent.audited':
      return [];
  }
}

function toHead(event: TraceEvent, style: Style): string {
  if (isAgentEvent(event)) {
    return toAgentHead(event, style);
  }
  switch (event.kind) {
    case 'session.opened':
      return `opened ${style.bold(toPrintable(event.title))} (${toPrintable(toOpenedText(event))})`;
    case 'context.loaded':
      return 'context loaded';
    case 'step.started':
      return style.cyan('code');
    case 'step.finished': {
      const took = style.dim(toDurationText(event.outcome.durationMs));
      const stop = event.stop ? style.yellow(` · guardrail ${event.stop} stopped the session`) : '';
      return `${event.outcome.error ? style.red('raised') : style.green('done')} ${took}${stop}`;
    }
    case 'model.answered': {
      const tokens = event.promptTokens + event.answerTokens;
      const took = `${toAmountText(tokens, 'token')}, ${toDurationText(event.durationMs)}`;
      const count = event.replacedSurrogates ?? 0;
      const sent =
        count > 0 ? style.yellow(` · sent with U+FFFD for ${count} half surrogate pair(s)`) : '';
      return `${toPrintable(event.model)} ${event.error === null ? 'answered' : style.red('failed')} ${style.dim(took)}${sent}`;
    }
    case 'loop.started':
      return style.cyan(`run of at most ${toAmountText(event.maxIterations, 'iteration')}`);
    case 'loop.finished':
      return `run ended after ${toAmountText(event.iterations, 'iteration')} (${event.finishReason})`;
    case 'file.written': {
      const what = event.side === 'sandbox' ? 'uploaded' : 'downloaded to';
      return `${what} ${toPrintable(event.path)} ${style.dim(toPrintable(toFileText(event)))}`;
    }
    case 'shell.finished': {
      const failed = event.exitCode !== 0 || event.interruption !== null;
      const head = failed ? style.red('command') : style.green('command');
      return `${head} ${style.dim(toPrintable(toCommandText(event)))}`;
    }
    case 'session.stopped':
      return style.yellow(`stopped: ${event.cause}`);
    case 'session.finalized': {
      const from = event.fromVariable === null ? '' : ` from ${toPrintable(event.fromVariable)}`;
      return style.green(`finalized${from} (${event.finishReason})`);
    }
    case 'session.replayed': {
      const text = `replayed ${toAmountText(event.stepsRun, 'step')} of ${event.sourceSessionId}`;
      const differences = toAmountText(event.differenceCount, 'difference');
      return event.differenceCount === 0 ? text : `${text} ${style.yellow(differences)}`;
    }
    case 'session.closed':
      return style.dim(`closed: ${toPrintable(event.reason)}`);
  }
}

function toBody(event: TraceEvent, style: Style): string {
  if (isAgentEvent(event)) {
    return toAgentBody(event);
  }
  switch (event.kind) {
    case 'session.opened':
      return event.sandbox
        ? style.yellow(toPrintable(toFallbackWarnings(event.sandbox).join('\n')))
        : toPrintable(event.agent.task);
    case 'context.loaded':
      return renderContext(event.context, style);
    case 'step.started':
      return toPrintable(event.code.trimEnd());
    case 'step.finished':
      return renderStep(event.outcome, style);
    case 'model.answered':
      return toPrintable(
        `${toOneLine(event.prompt, 200)}\n→ ${toOneLine(event.answer ?? event.error ?? '', 400)}`,
      );
    case 'loop.started':
      return toPrintable(event.task);
    case 'loop.finished':
      return toPrintable(event.error ?? '');
    case 'shell.finished':
      return toPrintable(
        [`$ ${event.command}`, event.stdout.trimEnd(), event.stderr.trimEnd()]
          .filter((text) => text !== '')
          .join('\n'),
      );
    case 'file.written':
      return '';
    case 'session.finalized':
      return toPrintable(event.answer);
    case 'session.replayed':
      return renderDifferences(event.differences);
    case 'session.stopped':
    case 'session.closed':
      return '';
  }
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gmu, '    ');
}
