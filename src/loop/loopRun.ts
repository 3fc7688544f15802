// One model working on one session: asks for code, runs it, shows what came of it, until the code hands
// in an answer, a limit ends the run, or the iterations are over.

import { cutMiddle } from '../base/text';
import { cancelledError, type ErrorCode, RlmError } from '../core/errors';
import type { LoopFinishReason } from '../core/event';
import type { LoopProgress, LoopRequest } from '../core/loop';
import { maxCodeChars, type StopReason, stopReasons } from '../core/limits';
import type { AnswerCut, ModelAnswer, ModelMessage } from '../core/model';
import type { VariableInfo } from '../core/sandbox';
import type { Session } from '../core/session';
import type { StepResult } from '../core/stepRun';
import { isBlankAnswer, maxAnswerChars } from '../core/sessionErrors';
import { dropThinking, readCode, type NoCode } from './codeBlocks';
import { describeContext } from './contextText';
import { Dialogue } from './dialogue';
import { listNotes } from './families';
import { describeStanding, describeStep } from './observation';
import type { PromptName, Prompts } from './promptFiles';
import { describeVariables } from './variablesText';

/** A request whose iterations are known. */
export type LoopOrder = LoopRequest & { readonly maxIterations: number };

export interface LoopRunParts {
  readonly session: Session;
  readonly prompts: Prompts;
  readonly request: LoopOrder;
  readonly opening: 'taskExecute' | 'taskAnalyze' | 'taskCode';
  /** Looks at an answer before it is taken; what it gives is told to the model, null: taken. */
  readonly review: (signal: AbortSignal) => Promise<string | null>;
}

export interface LoopEnd {
  readonly finishReason: LoopFinishReason;
  readonly answer: string | null;
  readonly iterations: number;
}

/** What a call to a session throws that was stopped meanwhile. */
const endCodes: ReadonlySet<ErrorCode> = new Set(['GUARDRAIL_STOPPED', 'CANCELLED']);

const noCodeReasons: Readonly<Record<NoCode, string>> = {
  no_block: 'the reply has no fenced block of code.',
  unlabelled: 'the block does not say that it is code to run.',
  other_language: 'the block is not in the language of this REPL.',
  empty: 'the block is empty.',
};

const cutReasons: Readonly<Record<AnswerCut, string>> = {
  tokens:
    'your reply was cut, because it had taken all the tokens that it may. Write less at once.',
  filter: 'a filter of the provider cut your reply.',
};

/** Of how variables were compared: nothing that an answer rests on. */
const comparisonNote =
  /^note: (?:too large to be compared whole|[\d,]+ more variables changed|there was no memory or time to tell which variables changed)/u;
const doubtChars = 1_000;

export class LoopRun {
  readonly #parts: LoopRunParts;
  readonly #dialogue: Dialogue;
  #hasDoubted = false;
  /** As the last step that changed them showed them; the most recent last. */
  readonly #variables = new Map<string, VariableInfo>();
  /** Which model answers, once it is known. */
  #model: string | null;
  #iteration = 0;

  constructor(parts: LoopRunParts) {
    const { session, prompts, request, opening } = parts;
    const { language } = session.seed;
    this.#parts = parts;
    this.#model = request.model;
    this.#dialogue = new Dialogue(
      prompts.fill(opening, {
        task: request.task,
        context: describeContext(session.summary.contexts[0], language),
        max_iterations: String(request.maxIterations),
        language: language === 'python' ? 'Python' : 'JavaScript',
        mapping: language === 'python' ? 'dict' : 'plain object',
      }),
    );
  }

  /** @throws RlmError 'CANCELLED' | 'MODEL_UNAVAILABLE' and those of a broken sandbox. */
  async run(signal: AbortSignal): Promise<LoopEnd> {
    const { session, request } = this.#parts;
    try {
      for (this.#iteration = 1; this.#iteration <= request.maxIterations; this.#iteration += 1) {
        const end = await this.#iterate(signal);
        if (end) {
          return { ...end, iterations: this.#iteration };
        }
      }
      const answer = await this.#extract(signal);
      return { finishReason: 'max_iterations', answer, iterations: request.maxIterations };
    } catch (thrown) {
      const finishReason = toStopReason(thrown, session);
      const iterations = Math.min(this.#iteration, request.maxIterations);
      return { finishReason, answer: null, iterations };
    }
  }

  /** Null: the run goes on. */
  async #iterate(signal: AbortSignal): Promise<Omit<LoopEnd, 'iterations'> | null> {
    const { session, request } = this.#parts;
    this.#tell({
      kind: 'thinking',
      iteration: this.#iteration,
      maxIterations: request.maxIterations,
    });
    const { text: reply, cutBy } = await this.#ask(
      this.#dialogue.toMessages(this.#toSystem()),
      signal,
    );
    if (cutBy !== undefined) {
      this.#dialogue.add(dropThinking(reply), this.#toNudge(cutReasons[cutBy]));
      return null;
    }
    const found = readCode(reply, session.seed.language);
    if (found.kind === 'none') {
      this.#dialogue.add(dropThinking(reply), this.#toNudge(noCodeReasons[found.reason]));
      return null;
    }
    if (found.code.length > maxCodeChars) {
      const problem = `the code has more than ${maxCodeChars.toLocaleString('en')} characters.`;
      this.#dialogue.add(dropThinking(reply), this.#toNudge(problem));
      return null;
    }
    const step = await this.#runCode(found.code, signal);
    const answer = step.outcome.finalAnswer;
    const refusal = answer === null ? null : await this.#review(answer, step, signal);
    if (answer !== null && refusal === null) {
      return { finishReason: 'submitted', answer };
    }
    if (step.stop) {
      return { finishReason: step.stop, answer: null };
    }
    const observation = describeStep({
      step,
      code: found.code,
      limits: session.limits,
      iteration: this.#iteration,
      maxIterations: request.maxIterations,
      refusal,
    });
    this.#dialogue.add(dropThinking(reply), observation);
    return null;
  }

  async #ask(messages: readonly ModelMessage[], signal: AbortSignal): Promise<ModelAnswer> {
    const { session, request } = this.#parts;
    const iteration = this.#iteration;
    const answer = await session.ask(
      {
        messages,
        model: request.model,
        client: request.client,
        onText: (piece) => this.#tell({ kind: 'text', iteration, piece }),
      },
      signal,
    );
    this.#model = answer.model;
    return answer;
  }

  async #runCode(code: string, signal: AbortSignal): Promise<StepResult> {
    const { session, request } = this.#parts;
    this.#tell({ kind: 'running', iteration: this.#iteration, code });
    const { client, subModel } = request;
    const step = await session.runStep({ code, subModel, ...(client ? { client } : {}) }, signal);
    if (signal.aborted) {
      throw cancelledError('The run');
    }
    if (step.outcome.stateLost) {
      this.#variables.clear();
    }
    for (const change of step.outcome.changes) {
      this.#variables.delete(change.name);
      if (change.change !== 'removed') {
        this.#variables.set(change.name, change);
      }
    }
    this.#tell({ kind: 'ran', iteration: this.#iteration, step: step.step });
    return step;
  }

  /** Why an answer is not taken; null: it is. */
  async #review(answer: string, step: StepResult, signal: AbortSignal): Promise<string | null> {
    const { error, interruption } = step.outcome;
    if (error !== null || interruption !== null) {
      return 'The answer was not taken, because the code did not run to its end.';
    }
    if (isBlankAnswer(answer)) {
      return 'The answer was not taken, because it is empty.';
    }
    if (answer.length >= maxAnswerChars) {
      return `The answer was not taken, because it has more than ${maxAnswerChars.toLocaleString('en')} characters.`;
    }
    return this.#toDoubt(step) ?? this.#parts.review(signal);
  }

  /** An answer may rest on what a search left out: the model sees the notes on that once before it is taken. */
  #toDoubt({ outcome, stop }: StepResult): string | null {
    const lines = outcome.stderr.split('\n').filter((line) => line.startsWith('note: '));
    const notes = lines.filter((line) => !comparisonNote.test(line));
    const isLast = stop !== null || this.#iteration === this.#parts.request.maxIterations;
    if (notes.length === 0 || isLast || this.#hasDoubted) {
      return null;
    }
    this.#hasDoubted = true;
    const shown = cutMiddle(notes.join('\n'), doubtChars);
    return `The answer was not taken yet, because of these notes. Where it is right all the same, hand it in again.\n${shown}`;
  }

  /** The answer drawn from the variables when no iteration has given one; null when there is none. */
  async #extract(signal: AbortSignal): Promise<string | null> {
    const { session, prompts, request } = this.#parts;
    const variables = await describeVariables([...this.#variables.values()], session, signal);
    const question = prompts.fill('extract', { task: request.task, variables });
    const messages = this.#dialogue.toMessages(this.#toSystem());
    const last = messages.at(-1);
    const asked = [
      ...messages.slice(0, -1),
      { role: 'user', text: `${last?.text ?? ''}\n\n${question}` } as const,
    ];
    const answer = dropThinking((await this.#ask(asked, signal)).text);
    return isBlankAnswer(answer) ? null : answer;
  }

  #toSystem(): string {
    const { prompts, session } = this.#parts;
    const name: PromptName =
      session.seed.language === 'python' ? 'systemPython' : 'systemJavascript';
    const notes = listNotes(this.#model).map((note) => prompts.fill(note, {}));
    return prompts.fill(name, { notes: notes.join('\n\n') }).trim();
  }

  #toNudge(reason: string): string {
    const { prompts, session, request } = this.#parts;
    const standing = describeStanding({
      step: { usage: session.summary.usage },
      limits: session.limits,
      iteration: this.#iteration,
      maxIterations: request.maxIterations,
    });
    return prompts.fill('nudge', { reason, label: '```repl', standing }).trim();
  }

  #tell(progress: LoopProgress): void {
    this.#parts.request.onProgress?.(progress);
  }
}

/** The guardrail that ended the run. @throws what was thrown when it was none. */
export function toStopReason(thrown: unknown, session: Pick<Session, 'summary'>): StopReason {
  const { stopCause } = session.summary;
  if (!(thrown instanceof RlmError) || !endCodes.has(thrown.code)) {
    throw thrown;
  }
  const reason = stopReasons.find((one) => one === stopCause);
  if (reason === undefined) {
    throw cancelledError('The run'); // by its caller, or by who stopped its session
  }
  return reason;
}
