// Compares a replayed step with its record, and answers its calls from the record: one that the end of the
// step had cut short interrupts the replayed step at the same point.

import { type BatchAnswer, runBatch } from './batch';
import { cutText } from '../base/text';
import { RlmError, errorCodes, type ErrorCode } from './errors';
import type { ContextInfo } from './context';
import type { ModelAnswered, ReplayDifference, StepFinished } from './event';
import type { RecordedStep } from './history';
import { toContexts, toModelName, toPrompt, toPrompts } from './hostCallArguments';
import type { Usage } from './limits';
import { hasUsedNetwork, toNetworkText } from './networkRecord';
import { isSamePrompt } from './keptAnswers';
import { childModel } from './modelCalls';
import type { HostCall, Outcome, SandboxPlace, VariableChange } from './sandbox';

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
    ['characters dropped', ({ dropped }) => JSON.stringify(dropped)],
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
  return [
    ...differences,
    ...compareChanges(step, recorded, replayed),
    ...compareNetwork(step, recorded, replayed),
  ];
}

/** What others answered then they may not answer now, and what they were sent they are sent again. */
function compareNetwork(
  step: number,
  { network: recorded }: Outcome,
  { network: replayed }: Outcome,
): readonly ReplayDifference[] {
  if (!(recorded && hasUsedNetwork(recorded)) && !(replayed && hasUsedNetwork(replayed))) {
    return [];
  }
  const again = replayed
    ? `it connected again: ${toNetworkText(replayed)}`
    : 'it connected to nothing this time';
  const show = (text: string): string => cutText(text, shownChars).text;
  return [
    {
      step,
      field: 'network',
      recorded: recorded ? show(toNetworkText(recorded)) : 'none',
      replayed: show(`not repeatable: ${again}`),
    },
  ];
}

/** Whether a record was run where it was made. */
export function comparePlaces(
  recorded: SandboxPlace,
  replayed: SandboxPlace,
): readonly ReplayDifference[] {
  const read = ({ backend, image, imageDigest }: SandboxPlace): string =>
    [backend, image, imageDigest].filter((part) => part !== null).join(' ');
  return [
    ...describe(0, 'backend', read(recorded), read(replayed)),
    ...describe(0, 'network', readNetwork(recorded), readNetwork(replayed)),
  ];
}

/** As its walls have it. */
function readNetwork({ walls }: SandboxPlace): string {
  return walls.find((wall) => wall.startsWith('network: ')) ?? 'network: none';
}

export function compareContexts(
  recorded: ContextInfo,
  replayed: ContextInfo,
): readonly ReplayDifference[] {
  const read = (context: ContextInfo): string =>
    `${context.totalChars} characters in ${context.totalLines} lines of ${context.sourceCount} sources (SHA-256 ${context.hash}), beginning ${JSON.stringify(context.preview)}`;
  return [
    ...describe(0, `context ${recorded.variable}`, read(recorded), read(replayed)),
    ...compareSources(recorded, replayed),
  ];
}

/** Which of the listed sources are not what they were. */
function compareSources(recorded: ContextInfo, replayed: ContextInfo): readonly ReplayDifference[] {
  const count = Math.max(recorded.sources.length, replayed.sources.length);
  const read = ({ sources }: ContextInfo, index: number): string => {
    const source = sources[index];
    return source
      ? `${source.path}: ${source.chars} characters, ${source.encoding}, SHA-256 ${source.hash}`
      : '(none)';
  };
  return Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    describe(0, `source ${index + 1}`, read(recorded, index), read(replayed, index)),
  );
}

/**
 * A replayed interruption is taken for the recorded one: when it came and what it says is not the code's doing,
 * and what it left behind is compared with the rest.
 */
export function adoptInterruption(recorded: Outcome, replayed: Outcome): Outcome {
  const { interruption, error } = recorded;
  return interruption === null || replayed.interruption === null
    ? replayed
    : { ...replayed, interruption, error };
}

/** Answers the calls of one replayed step by what the record has for them. */
export class RecordedCalls {
  readonly #calls: ReadonlyMap<number, ModelAnswered>;
  /** The first that the sub-model limits refused: later ones without a record were refused alike. */
  readonly #refused: ModelAnswered | undefined;
  readonly #finished: StepFinished;
  readonly #live: (call: HostCall, usage: Usage) => Promise<unknown>;
  readonly #interrupt: () => void;
  readonly differences: ReplayDifference[] = [];
  #nextCall = 0;
  /** As it was in the record after the calls so far. */
  #usage: Usage;

  constructor(record: RecordedStep, { live, interrupt }: RecordedCallsParts) {
    this.#usage = record.usage;
    this.#calls = new Map(record.calls.map((call) => [call.call, call]));
    this.#refused = record.calls
      .filter(isRefusedByLimit)
      .sort((left, right) => left.call - right.call)[0];
    this.#finished = record.finished;
    this.#live = live;
    this.#interrupt = interrupt;
  }

  async answer(call: HostCall): Promise<unknown> {
    const [first, second] = call.args;
    switch (call.name) {
      case 'llm_query': {
        const prompt = toPrompt(first);
        toModelName(second);
        return this.#recall(prompt, 'model');
      }
      case 'rlm_query':
        return this.#recall(toPrompt(first), 'child');
      case 'llm_query_batched':
        toModelName(second);
        return this.#recallAll(toPrompts(first), 'model');
      case 'rlm_query_batched': {
        const prompts = toPrompts(first);
        toContexts(second, prompts.length);
        return this.#recallAll(prompts, 'child');
      }
      default:
        return this.#live(call, this.#usage);
    }
  }

  #recallAll(prompts: readonly string[], asked: 'model' | 'child'): Promise<BatchAnswer> {
    return runBatch(prompts, 1, (prompt) => this.#recall(prompt, asked));
  }

  async #recall(prompt: string, asked: 'model' | 'child'): Promise<string> {
    const number = this.#nextCall;
    const found = this.#calls.get(number);
    const call = found && toAsked(found) === asked ? found : undefined;
    if (!call && asked === 'model' && this.#refused && this.#refused.call < number) {
      throw toRecordedError(this.#refused.error ?? ''); // such a call took no number
    }
    this.#nextCall += 1;
    const { outcome, cutAtCall } = this.#finished;
    if (outcome.interruption !== null && (!found || number === cutAtCall)) {
      this.#interrupt();
      return new Promise<never>(() => undefined); // the step ends while it waits
    }
    if (!call || !isSamePrompt(call, prompt)) {
      this.differences.push(
        ...describe(
          this.#finished.step,
          `prompt ${number}`,
          call?.prompt ??
            (found ? `(asked a ${toAsked(found)}) ${found.prompt}` : '(no such call)'),
          prompt,
        ),
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

interface RecordedCallsParts {
  /** Answers what asks no model, by the usage that the record had at that point. */
  readonly live: (call: HostCall, usage: Usage) => Promise<unknown>;
  /** Ends the replayed step as interrupted. */
  readonly interrupt: () => void;
}

function toAsked({ model }: ModelAnswered): 'model' | 'child' {
  return model === childModel ? 'child' : 'model';
}

function isRefusedByLimit(call: ModelAnswered): boolean {
  const { error } = call;
  return toAsked(call) === 'model' && (error ?? '').startsWith('GUARDRAIL_STOPPED: ');
}

function toRecordedError(text: string): RlmError {
  const [code = '', ...message] = text.split(': ');
  const isCode = (errorCodes as readonly string[]).includes(code);
  return new RlmError(isCode ? (code as ErrorCode) : 'INTERNAL_ERROR', message.join(': '), {
    nextStep: '', // the recorded text ends with it
  });
}

/**
 * By what is shown of each variable, and by the hash of what it holds beyond that, where both are known: a value
 * whose hash could not be told in one of two runs is not thereby another.
 */
function compareChanges(
  step: number,
  recorded: Outcome,
  replayed: Outcome,
): readonly ReplayDifference[] {
  const left = new Map(recorded.changes.map((change) => [change.name, change]));
  const right = new Map(replayed.changes.map((change) => [change.name, change]));
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) => {
    const [before, now] = [left.get(name), right.get(name)];
    const hasHashes = (before?.hash ?? null) !== null && (now?.hash ?? null) !== null;
    const isOnlyInside =
      hasHashes && before?.hash !== now?.hash && toWords(before) === toWords(now);
    const read = (change: VariableChange | undefined): string =>
      toWords(change) + (isOnlyInside ? ` (content ${change?.hash ?? ''})` : '');
    return describe(step, `variable ${name}`, read(before), read(now));
  });
}

function toWords(change: VariableChange | undefined): string {
  return change ? `${change.change} ${change.type} ${change.size ?? ''} ${change.preview}` : '';
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
