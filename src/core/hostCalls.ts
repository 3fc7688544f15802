// Answers what the code of one step asks of the host: sub-model calls and child sessions.

import { cutMarked } from '../base/text';
import { runBatch } from './batch';
import type { Clock } from './clock';
import { RlmError, throwIfAborted, toRlmError } from './errors';
import { toChildContext, toContexts, toModelName, toPrompt, toPrompts } from './hostCallArguments';
import type { Limits, Usage } from './limits';
import { type LoopResult, type LoopRunner, checkTask } from './loop';
import type { ModelClient } from './model';
import {
  type ModelCalls,
  childModel,
  describePrompt,
  maxModelAnswerChars,
  noModelUsage,
  toErrorText,
} from './modelCalls';
import type { HostCall, Language } from './sandbox';
import { type SessionParent, requireDepth } from './sessionParent';

interface HostCallParts {
  readonly calls: ModelCalls;
  readonly clock: Clock;
  /** The session whose code asks. */
  readonly session: SessionParent & { readonly language: Language };
  readonly readUsage: () => Usage;
  /** What `budget()` tells of: of the session, and of the run that it is a part of. */
  readonly readLimits: () => Limits;
  /** Null where no model writes code: then there are no child sessions. */
  readonly loops: LoopRunner | null;
  readonly client: ModelClient | null;
  /** `provider/model` for prompts that name none; null: the default. */
  readonly subModel: string | null;
}

/** Prompts of one batch that are asked at the same time. */
export const promptConcurrency = 64;
const childConcurrency = 4;

export class HostCalls {
  readonly #parts: HostCallParts;

  constructor(parts: HostCallParts) {
    this.#parts = parts;
  }

  /** @throws RlmError 'INVALID_INPUT' | 'MODEL_UNAVAILABLE' | 'GUARDRAIL_STOPPED' | 'CANCELLED' */
  async answer(call: HostCall, signal: AbortSignal): Promise<unknown> {
    const [first, second, third] = call.args;
    switch (call.name) {
      case 'llm_query':
        return this.#ask(toPrompt(first), toModelName(second), signal);
      case 'llm_query_batched': {
        const model = toModelName(second);
        const ask = (prompt: string): Promise<string> => this.#ask(prompt, model, signal);
        return runBatch(toPrompts(first), promptConcurrency, ask);
      }
      case 'rlm_query':
        return this.#runChild(toPrompt(first), { context: second, model: third }, signal);
      case 'rlm_query_batched': {
        const prompts = toPrompts(first);
        const contexts = toContexts(second, prompts.length);
        const ask = (prompt: string, index: number): Promise<string> =>
          this.#runChild(prompt, { context: contexts[index], model: third }, signal);
        return runBatch(prompts, childConcurrency, ask);
      }
      case 'budget':
        return this.#readBudget();
      default:
        throw new RlmError('INVALID_INPUT', `The host answers no call ${call.name}.`, {
          nextStep: 'Use the functions that SHOW_VARS() and the session’s globals list.',
        });
    }
  }

  #readBudget(): Record<string, number> {
    const { session, readUsage, readLimits } = this.#parts;
    const { budget, depth } = session;
    const limits = readLimits();
    const usage = readUsage();
    const { calls, tokens, chars } = budget.left;
    return {
      steps_left: limits.maxSteps - usage.steps,
      runtime_ms_left: Math.max(0, Math.round(limits.maxRuntimeMs - usage.runtimeMs)),
      budget_left: Math.max(0, chars),
      llm_calls_left: Math.max(0, calls),
      llm_tokens_left: Math.max(0, tokens),
      depth_left: limits.maxDepth - depth,
    };
  }

  async #ask(prompt: string, model: string | null, signal: AbortSignal): Promise<string> {
    const { calls, client, subModel } = this.#parts;
    const messages = [{ role: 'user', text: prompt }] as const;
    const request = { messages, model: model ?? subModel, purpose: 'sub_call', client } as const;
    return (await calls.ask(request, signal)).text;
  }

  async #runChild(
    prompt: string,
    given: { readonly context: unknown; readonly model: unknown },
    signal: AbortSignal,
  ): Promise<string> {
    const { calls, clock } = this.#parts;
    throwIfAborted(signal, 'The call');
    const asked = {
      call: calls.takeNumber(),
      purpose: 'sub_call',
      model: childModel,
      ...describePrompt(prompt),
    } as const;
    const started = clock.monotonic();
    let childSessionId: string | null = null;
    const asking = this.#startChild(prompt, given, {
      signal,
      onOpened: (sessionId) => (childSessionId = sessionId),
    });
    const result = await asking.then(toChildAnswer).catch(toRlmError);
    const isAnswer = typeof result === 'string';
    await calls.record({
      ...asked,
      ...noModelUsage,
      answer: isAnswer ? result : null,
      childSessionId,
      error: isAnswer ? null : toErrorText(result),
      durationMs: clock.monotonic() - started,
    });
    if (!isAnswer) {
      throw result;
    }
    return result;
  }

  async #startChild(
    task: string,
    given: { readonly context: unknown; readonly model: unknown },
    run: { readonly signal: AbortSignal; readonly onOpened: (sessionId: string) => void },
  ): Promise<LoopResult> {
    const { loops, session, client, subModel } = this.#parts;
    if (!loops) {
      throw new RlmError('MODEL_UNAVAILABLE', 'Child sessions need a model that writes code.', {
        nextStep: 'Ask with llm_query, or ask the user to configure a model.',
      });
    }
    requireDepth(session);
    checkTask(task);
    return loops.run(
      {
        task,
        context: toChildContext(given.context),
        title: '',
        language: session.language,
        maxIterations: null,
        model: toModelName(given.model),
        subModel,
        limits: {},
        client,
        parent: session,
        onProgress: (progress) => {
          if (progress.kind === 'opened') {
            run.onOpened(progress.sessionId);
          }
        },
      },
      run.signal,
    );
  }
}

/** @throws RlmError 'GUARDRAIL_STOPPED' when the child has none. */
function toChildAnswer({ answer, finishReason, sessionId }: LoopResult): string {
  if (answer === null) {
    throw new RlmError(
      'GUARDRAIL_STOPPED',
      `Child session ${sessionId} was ended by ${finishReason} before it had an answer.`,
      { nextStep: 'Give it less to do, or a smaller context; budget() shows what is left.' },
    );
  }
  return cutMarked(answer, maxModelAnswerChars);
}
