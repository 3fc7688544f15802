// The words spoken between an engine and its sandbox process. Context bytes go beside them: see
// contextFeed.ts.

import type {
  ContextShape,
  ContextSizes,
  Language,
  Outcome,
  SandboxBackendStatus,
  VariableValue,
} from '../core/sandbox';

interface OfSandbox {
  readonly sandboxId: number;
}

export interface OpenParams extends OfSandbox {
  readonly language: Language;
  readonly maxMemoryBytes: number;
}

export interface LoadParams extends OfSandbox {
  /** Names the bytes fed beside this channel; the load waits for their end. */
  readonly contextKey: number;
  readonly variable: string;
  readonly shape: ContextShape;
  readonly sources: readonly { readonly path: string; readonly byteLength: number }[];
}

export interface RunParams extends OfSandbox {
  readonly step: number;
  readonly code: string;
  readonly timeoutMs: number;
  readonly maxOutputChars: number;
}

export interface HoldParams extends OfSandbox {
  readonly held: boolean;
}

export interface ReadParams extends OfSandbox {
  readonly name: string;
  readonly offset: number;
  readonly maxChars: number;
  readonly timeoutMs: number;
}

export interface ProcessStatus {
  readonly backends: readonly SandboxBackendStatus[];
  readonly liveSandboxes: number;
  readonly warmWorkers: number;
}

/** What the sandbox process answers. */
export type ProcessMethods = {
  open(params: OpenParams): Promise<void>;
  /** Null when the context did not fit. */
  load(params: LoadParams): Promise<ContextSizes | null>;
  run(params: RunParams, signal: AbortSignal): Promise<Outcome>;
  /** Stops or goes on with the clock of the running step's time-out; holds add up. */
  hold(params: HoldParams): void;
  read(params: ReadParams, signal: AbortSignal): Promise<VariableValue | null>;
  close(params: OfSandbox): void;
  prewarm(params: { readonly language: Language }): void;
  status(params: null): Promise<ProcessStatus>;
};

export interface CallParams extends OfSandbox {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What the engine answers: calls that a running step makes. */
export type EngineMethods = {
  call(params: CallParams, signal: AbortSignal): Promise<unknown>;
};
