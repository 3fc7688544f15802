// Port: whole runs, in which a model writes the code of a session's steps. Implemented in src/loop.

import type { GivenContext } from './context';
import type { LoadProgress } from './contextLoading';
import type { OnStage } from './sessionPlan';
import { RlmError } from './errors';
import type { LoopFinishReason, Verbosity } from './event';
import type { Limits, SharedLimits, Usage } from './limits';
import type { ModelClient } from './model';
import type { BackendName, Language } from './sandbox';
import { toFallbackWarnings } from './sandboxPlace';
import type { SessionParent } from './sessionParent';
import type { Summary } from './summary';

/** Of what a person, an agent or code asks; the parts of a split task hold the whole of it and may be longer. Source: ours. */
export const maxTaskChars = 20_000;

/** @throws RlmError 'INVALID_INPUT' for a longer one. */
export function checkTask(task: string): void {
  if (task.length > maxTaskChars) {
    const [length, most] = [task.length, maxTaskChars].map((count) => count.toLocaleString('en'));
    throw new RlmError(
      'INVALID_INPUT',
      `The question or task has ${length} characters; it may have ${most}.`,
      {
        nextStep: 'Give the long part as context, by a file or as text, and ask briefly about it.',
      },
    );
  }
}

export interface LoopRunner {
  /**
   * Opens a session over the context and lets a model work on the task until it has answered.
   * The session is finalized with the answer; it is left stopped where there is none.
   * @throws RlmError 'INVALID_INPUT' (task) | 'MODEL_UNAVAILABLE' | 'CANCELLED' and those of opening a session.
   */
  run(request: LoopRequest, signal: AbortSignal): Promise<LoopResult>;
}

/** What is made of the task: how the model is told, and what the result holds besides the answer. */
export type LoopWork =
  | { readonly kind: 'execute' }
  /** The task is a question about the context. */
  | { readonly kind: 'analyze' }
  /** The task describes a program; the result holds it with the tests that were run on it. */
  | { readonly kind: 'code' }
  /** The task is split, its parts run as child sessions, and their answers are combined. */
  | { readonly kind: 'decompose'; readonly maxSubtasks: number };

export interface LoopRequest {
  readonly task: string;
  /** Left out: `execute`. */
  readonly work?: LoopWork;
  readonly context: GivenContext;
  /** Empty: made from the task. */
  readonly title: string;
  readonly language: Language;
  /** Null or left out: the parent's, else what the user has set. */
  readonly backend?: BackendName | null;
  /** Of a container. */
  readonly image?: string | null;
  /** 1–100; null: as the user configured, else 15. */
  readonly maxIterations: number | null;
  /** `provider/model` that writes the code; null: the default. */
  readonly model: string | null;
  /** `provider/model` that answers the code's prompts; null: the default. */
  readonly subModel: string | null;
  readonly limits: Partial<Limits>;
  /** How much replies of tools tell of it; left out: `normal`. */
  readonly verbosity?: Verbosity;
  readonly client: ModelClient | null;
  /** The session whose code asked for this run, which pays for it; null for a run of its own. */
  readonly parent: SessionParent | null;
  readonly onProgress?: (progress: LoopProgress) => void;
  readonly onLoad?: LoadProgress;
  readonly onStage?: OnStage;
}

export type LoopProgress =
  | { readonly kind: 'opened'; readonly sessionId: string }
  | { readonly kind: 'thinking'; readonly iteration: number; readonly maxIterations: number }
  /** A piece of what the model writes. */
  | { readonly kind: 'text'; readonly iteration: number; readonly piece: string }
  | { readonly kind: 'running'; readonly iteration: number; readonly code: string }
  | { readonly kind: 'ran'; readonly iteration: number; readonly step: number }
  /** A part of a decomposed task has begun or ended. */
  | {
      readonly kind: 'subtask';
      readonly title: string;
      readonly state: 'started' | 'answered' | 'failed';
      readonly ended: number;
      readonly total: number;
    };

export interface LoopResult {
  readonly sessionId: string;
  /** Null when a guardrail ended the run before there was one. */
  readonly answer: string | null;
  /** Iterations begun. */
  readonly iterations: number;
  readonly finishReason: LoopFinishReason;
  readonly usage: Usage;
  /** Of its session. */
  readonly limits: Limits;
  /** What others, or the parts of the run, leave of these; left out: nothing is shared. */
  readonly shared?: SharedLimits;
  /** What is in doubt about the context's text, each with what to do. */
  readonly warnings: readonly string[];
  /** Of work of the kind `code`. */
  readonly program?: LoopProgram;
  /** Of work of the kind `decompose`, in the order of the split. */
  readonly subtasks?: readonly LoopSubtask[];
}

export interface LoopProgram {
  readonly code: string;
  /** As the sandbox ran them on this very code. */
  readonly tests: readonly ProgramTest[];
}

export interface ProgramTest {
  readonly name: string;
  readonly code: string;
  /** What it raised; null when it passed. */
  readonly error: string | null;
}

export interface LoopSubtask {
  readonly title: string;
  /** Null when no session could be opened for it. */
  readonly sessionId: string | null;
  /** Null when it failed. */
  readonly answer: string | null;
  /** Why there is no answer; null when there is one. */
  readonly error: string | null;
  /** How its run ended; null when it did not end by itself. */
  readonly finishReason: LoopFinishReason | null;
}

/** What the reader of a run's answer must know: where it ran when that was not asked for, and what is in doubt about its texts. */
export function toRunWarnings({
  contexts,
  sandbox,
}: Pick<Summary, 'contexts' | 'sandbox'>): readonly string[] {
  return [
    ...(sandbox ? toFallbackWarnings(sandbox) : []),
    ...contexts.flatMap(({ warnings }) => warnings),
  ];
}
