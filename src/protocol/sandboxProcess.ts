// The words spoken between an engine and its sandbox process. Context bytes go beside them: see
// contextFeed.ts.

import type { DaytonaAccess } from '../core/backendSettings';
import type { KubernetesSettings } from '../core/kubernetesSettings';
import type { ContextShape, ContextSizes, Language, Outcome, VariableValue } from '../core/sandbox';
import type { FileReply, FileRequest } from '../core/sandboxFiles';

/** Where a worker runs that is no thread of the sandbox process. `network`: where it may connect to; empty: nowhere. */
export type NativePlace =
  | {
      readonly kind: 'local';
      /** The program; null: the first that fits. */
      readonly python: string | null;
      readonly node: string | null;
      readonly network: readonly string[];
    }
  | {
      readonly kind: 'container';
      /** The program; null: the first that answers. */
      readonly runtime: string | null;
      readonly image: string;
      readonly network: readonly string[];
    }
  | (DaytonaAccess & {
      readonly kind: 'daytona';
      /** Null: the account's own. */
      readonly snapshot: string | null;
      readonly network: readonly string[];
      /** That it is made for; null: none yet. */
      readonly sessionId: string | null;
    })
  | {
      readonly kind: 'kubernetes';
      readonly settings: KubernetesSettings;
      readonly network: readonly string[];
      readonly image: string;
      /** Where the service account of the pod that the engine runs in is; left out: where Kubernetes puts it. */
      readonly accountFolder?: string;
      /** What its session may use; a pod is made for it. */
      readonly maxMemoryMb: number;
      readonly sessionId: string | null;
    };

/** Workers of one kind are alike until a session takes one. */
export interface WorkerKind {
  readonly language: Language;
  /** Null: a thread of the sandbox process. */
  readonly place: NativePlace | null;
}

interface OfSandbox {
  readonly sandboxId: number;
}

export interface OpenParams extends OfSandbox {
  readonly kind: WorkerKind;
  readonly maxMemoryBytes: number;
}

/** What was opened. */
export interface OpenedWorker {
  /** Engine and version. */
  readonly engine: string;
  /** What stands around the worker, beside what stands around the sandbox process. */
  readonly walls: readonly string[];
  readonly image: string | null;
  readonly imageDigest: string | null;
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

export interface FilesParams extends OfSandbox, FileRequest {}

export interface KindStatus {
  readonly works: boolean;
  /** Engine and version, or why it does not work. */
  readonly detail: string;
  /** What would make it work; null where it does. */
  readonly nextStep: string | null;
  readonly walls: readonly string[];
  readonly image: string | null;
  readonly imageDigest: string | null;
  readonly live: number;
  readonly warm: number;
}

/** What the sandbox process answers. */
export type ProcessMethods = {
  open(params: OpenParams, signal: AbortSignal): Promise<OpenedWorker>;
  /** Null when the context did not fit. */
  load(params: LoadParams): Promise<ContextSizes | null>;
  run(params: RunParams, signal: AbortSignal): Promise<Outcome>;
  /** Stops or goes on with the clock of the running step's time-out; holds add up. */
  hold(params: HoldParams): void;
  read(params: ReadParams, signal: AbortSignal): Promise<VariableValue | null>;
  files(params: FilesParams, signal: AbortSignal): Promise<FileReply>;
  close(params: OfSandbox): void;
  prewarm(params: WorkerKind): void;
  /** In the order of the kinds. */
  status(params: readonly WorkerKind[]): Promise<readonly KindStatus[]>;
};

export interface CallParams extends OfSandbox {
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface OpeningParams extends OfSandbox {
  /** In words for people. */
  readonly stage: string;
}

export interface DiedParams extends OfSandbox {
  readonly reason: string;
}

/** What the engine answers: calls that a running step makes, how far a slow start is, and the end of a sandbox. */
export type EngineMethods = {
  opening(params: OpeningParams): void;
  died(params: DiedParams): void;
  call(params: CallParams, signal: AbortSignal): Promise<unknown>;
};
