// Port: whole runs, in which a model writes the code of a session's steps. Implemented in src/loop.

import type { GivenContext } from './context';
import type { LoadProgress } from './contextLoading';
import type { LoopFinishReason } from './event';
import type { Limits, Usage } from './limits';
import type { ModelClient } from './model';
import type { Language } from './sandbox';
import type { SessionParent } from './sessionParent';

export interface LoopRunner {
  /**
   * Opens a session over the context and lets a model work on the task until it has answered.
   * The session is finalized with the answer; it is left stopped where there is none.
   * @throws RlmError 'MODEL_UNAVAILABLE' | 'CANCELLED' and those of opening a session.
   */
  run(request: LoopRequest, signal: AbortSignal): Promise<LoopResult>;
}

export interface LoopRequest {
  readonly task: string;
  readonly context: GivenContext;
  /** Empty: made from the task. */
  readonly title: string;
  readonly language: Language;
  /** 1–100. */
  readonly maxIterations: number;
  /** `provider/model` that writes the code; null: the default. */
  readonly model: string | null;
  /** `provider/model` that answers the code's prompts; null: the default. */
  readonly subModel: string | null;
  readonly limits: Partial<Limits>;
  readonly client: ModelClient | null;
  /** The session whose code asked for this run, which pays for it; null for a run of its own. */
  readonly parent: SessionParent | null;
  readonly onProgress?: (progress: LoopProgress) => void;
  readonly onLoad?: LoadProgress;
}

export type LoopProgress =
  | { readonly kind: 'opened'; readonly sessionId: string }
  | { readonly kind: 'thinking'; readonly iteration: number; readonly maxIterations: number }
  /** A piece of what the model writes. */
  | { readonly kind: 'text'; readonly iteration: number; readonly piece: string }
  | { readonly kind: 'running'; readonly iteration: number; readonly code: string }
  | { readonly kind: 'ran'; readonly iteration: number; readonly step: number };

export interface LoopResult {
  readonly sessionId: string;
  /** Null when a guardrail ended the run before there was one. */
  readonly answer: string | null;
  /** Iterations begun. */
  readonly iterations: number;
  readonly finishReason: LoopFinishReason;
  readonly usage: Usage;
  readonly limits: Limits;
}
