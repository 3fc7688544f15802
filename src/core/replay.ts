// Compares a replayed step with its record, and answers its sub-model calls from the record.

import { type BatchAnswer, runBatch } from './batch';
import { cutText } from '../base/text';
import { RlmError, errorCodes, type ErrorCode } from './errors';
import type { ContextInfo } from './context';
import type { ModelAnswered, ReplayDifference } from './event';
import type { RecordedStep } from './history';
import { toContexts, toPrompt, toPrompts } from './hostCallArguments';
import type { Usage } from './limits';
import type { HostCall, Outcome } from './sandbox';

const shownChars = 200;

/** Every way in which `replayed` is not what the record says; empty when it is the same. */
export function compareOutcomes(
  step: number,
  recorded: Outcome,
  replayed: Outcome,
): readonly ReplayDifference[] {
  const fields: readonly (readonly [string, (outcome: Outcome) => string])[] = [
    ['stdout', ({ stdout }) => stdout],
    ['stderr', ({ stderr }) => stderr],
    ['result', ({ result }) => result ?? ''],
    ['error', ({ error }) => (error ? `${error.type}: ${error.message}` : '')],
    ['final answer', ({ finalAnswer }) => finalAnswer ?? ''],
    ['variables', ({ variables }) => variables.join(' ')],
    ['interruption', ({ interruption }) => interruption ?? ''],
    ['state', ({ stateLost }) => (stateLost ? 'lost' : 'kept')],
  ];
  const differences = fields.flatMap(([field, read]) =>
    describe(step, field, read(recorded), read(replayed)),
  );
  return [...differences, ...compareChanges(step, recorded, replayed)];
}

export function compareContexts(
  recorded: ContextInfo,
  replayed: ContextInfo,
): readonly ReplayDifference[] {
  const read = (context: ContextInfo): string =>
    `${context.totalChars} characters in ${context.totalLines} lines of ${context.sourceCount} sources, beginning ${JSON.stringify(context.preview)}`;
  return describe(0, `context ${recorded.variable}`, read(recorded), read(replayed));
}

/** Answers the calls of one replayed step by what the record has for them. */
export class RecordedCalls {
  readonly #step: number;
  readonly #calls: ReadonlyMap<number, ModelAnswered>;
  readonly #live: (call: HostCall, usage: Usage) => Promise<unknown>;
  readonly differences: ReplayDifference[] = [];
  #nextCall = 0;
  /** As it was in the record after the calls so far. */
  #usage: Usage;

  /** `live` answers what asks no model, by the usage that the record had at that point. */
  constructor(record: RecordedStep, live: (call: HostCall, usage: Usage) => Promise<unknown>) {
    this.#step = record.finished.step;
    this.#usage = record.usage;
    this.#calls = new Map(record.calls.map((call) => [call.call, call]));
    this.#live = live;
  }

  async answer(call: HostCall): Promise<unknown> {
    const [first, second] = call.args;
    switch (call.name) {
      case 'llm_query':
      case 'rlm_query':
        return this.#recall(toPrompt(first));
      case 'llm_query_batched':
        return this.#recallAll(toPrompts(first));
      case 'rlm_query_batched': {
        const prompts = toPrompts(first);
        toContexts(second, prompts.length);
        return this.#recallAll(prompts);
      }
      default:
        return this.#live(call, this.#usage);
    }
  }

  #recallAll(prompts: readonly string[]): Promise<BatchAnswer> {
    return runBatch(prompts, 1, async (prompt) => this.#recall(prompt));
  }

  #recall(prompt: string): string {
    const number = this.#nextCall++;
    const call = this.#calls.get(number);
    if (!call || call.promptChars !== prompt.length || !prompt.startsWith(call.prompt)) {
      this.differences.push(
        ...describe(this.#step, `prompt ${number}`, call?.prompt ?? '(no such call)', prompt),
      );
      throw new RlmError('MODEL_UNAVAILABLE', 'The record has no answer to this prompt.', {
        nextStep: 'A replay asks no model; run the step anew in the session.',
      });
    }
    if (call.usage.llmCalls > this.#usage.llmCalls) {
      this.#usage = call.usage; // calls of a batch ended in any order
    }
    if (call.answer === null) {
      throw toRecordedError(call.error ?? '');
    }
    return call.answer;
  }
}

function toRecordedError(text: string): RlmError {
  const [code = '', ...message] = text.split(': ');
  const isCode = (errorCodes as readonly string[]).includes(code);
  return new RlmError(isCode ? (code as ErrorCode) : 'INTERNAL_ERROR', message.join(': '), {
    nextStep: '', // the recorded text ends with it
  });
}

function compareChanges(
  step: number,
  recorded: Outcome,
  replayed: Outcome,
): readonly ReplayDifference[] {
  const read = (outcome: Outcome): ReadonlyMap<string, string> =>
    new Map(
      outcome.changes.map((change) => [
        change.name,
        `${change.change} ${change.type} ${change.size ?? ''} ${change.preview}`,
      ]),
    );
  const left = read(recorded);
  const right = read(replayed);
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) =>
    describe(step, `variable ${name}`, left.get(name) ?? '', right.get(name) ?? ''),
  );
}

function describe(
  step: number,
  field: string,
  recorded: string,
  replayed: string,
): readonly ReplayDifference[] {
  if (recorded === replayed) {
    return [];
  }
  // Shown from where they part, so that a difference far into a text can be seen.
  let same = 0;
  while (same < recorded.length && recorded[same] === replayed[same]) {
    same += 1;
  }
  const from = same < shownChars / 2 ? 0 : same - shownChars / 2;
  const show = (text: string): string =>
    (from > 0 ? '…' : '') + cutText(text.slice(from), shownChars).text;
  return [{ step, field, recorded: show(recorded), replayed: show(replayed) }];
}
