// Port: runs code and keeps variables between steps. Implemented in src/sandbox.

import type { Disposable } from '../base/disposable';
import type { Listen } from '../base/emitter';
import type { NetworkRecord } from './networkRecord';
import type { FileReply, FileRequest } from './sandboxFiles';

export type Language = 'python' | 'javascript';
export const languages: readonly Language[] = ['python', 'javascript'];
/** What runs them outside WebAssembly. */
export const interpreterNames: Readonly<Record<Language, string>> = {
  python: 'Python',
  javascript: 'Node.js',
};

/**
 * Where code runs: an engine on WebAssembly, a Python of this machine in the sandbox of its system, a
 * Python in a container, a Python in a sandbox of Daytona, on another machine, or a Python in a pod of a cluster.
 */
export const backendNames = ['wasm', 'local', 'container', 'daytona', 'kubernetes'] as const;
export type BackendName = (typeof backendNames)[number];

export interface SandboxFactory extends Disposable {
  /**
   * @throws RlmError 'BACKEND_UNAVAILABLE' when the backend cannot be had here; its next step says what would
   * help. 'SANDBOX_EXEC_ERROR' when no sandbox can be started. 'CANCELLED' as soon as it is: nothing is left then.
   * `onStage`: where a start is that takes long, in words for people.
   */
  createSandbox(
    request: SandboxRequest,
    signal: AbortSignal,
    onStage?: (stage: string) => void,
  ): Promise<Sandbox>;
  /** Starts what a first session would wait for; never rejects. */
  prewarm(): void;
  readStatus(): Promise<SandboxStatus>;
}

export interface SandboxRequest {
  readonly language: Language;
  readonly maxMemoryMb: number;
  /** Null: what the user has set, else WebAssembly. */
  readonly backend: BackendName | null;
  /** Of a container or pod, or the snapshot of Daytona's sandbox; null: what the user has set. */
  readonly image: string | null;
  /** That it is for, as far as that is told to others; left out: none. */
  readonly sessionId?: string;
  /** The user's setting to fall back on another backend holds: for new sessions only. */
  readonly mayFallBack: boolean;
}

/** Where a session's code runs, and what stands around it: a part of its record. */
export interface SandboxPlace {
  readonly backend: BackendName;
  /** Engine and version. */
  readonly engine: string;
  /** Of a container as it was named, or a snapshot; null: none. */
  readonly image: string | null;
  /** What the image is, by its digest. */
  readonly imageDigest: string | null;
  readonly walls: readonly string[];
  /** Another backend was asked for and could not be had, and the user's setting is to go on in this one. */
  readonly fallback: SandboxFallback | null;
}

export interface SandboxFallback {
  readonly from: BackendName;
  readonly reason: string;
}

/** Of records that do not say where their code ran. */
export const unrecordedPlace: SandboxPlace = {
  backend: 'wasm',
  engine: '',
  image: null,
  imageDigest: null,
  walls: [],
  fallback: null,
};

export interface SandboxStatus {
  /** Where workers run: a process of their own, or the engine's process where none can be forked. */
  readonly placement: 'not-started' | 'process' | 'engine';
  /** The runtime's permission flags that hold for the sandbox process; empty where it has none. */
  readonly walls: readonly string[];
  /** One entry for each backend and language. */
  readonly backends: readonly SandboxBackendStatus[];
  readonly liveSandboxes: number;
  readonly warmWorkers: number;
}

export interface SandboxBackendStatus {
  readonly backend: BackendName;
  readonly language: Language;
  readonly works: boolean;
  /** Engine and version, or why it does not work. */
  readonly detail: string;
  /** What would make it work; null where it does. */
  readonly nextStep: string | null;
  /** Of a container or the snapshot, as the user has set it. */
  readonly image: string | null;
  readonly imageDigest: string | null;
  readonly walls: readonly string[];
  readonly live: number;
  readonly warm: number;
}

export interface Sandbox extends Disposable {
  readonly language: Language;
  readonly place: SandboxPlace;
  /**
   * Fills one variable with the text that `write` puts into the sink.
   * @throws RlmError 'CONTEXT_TOO_LARGE' when it does not fit this sandbox's memory.
   */
  loadContext(load: ContextLoad, signal: AbortSignal): Promise<ContextSizes>;
  /**
   * Runs one step. Aborting `signal` interrupts the code and keeps variables where the code lets go
   * in time. Never rejects for what the code did.
   * @throws RlmError 'SANDBOX_EXEC_ERROR' when the sandbox itself broke.
   */
  runStep(request: StepRequest, signal: AbortSignal): Promise<Outcome>;
  /**
   * Stops the clock of the running step's time-out until it is disposed; holds add up. Only for what
   * the code waits for: code that runs is not held.
   */
  holdClock(): Disposable;
  /** Undefined when there is no variable of that name. */
  readVariable(request: VariableRequest, signal: AbortSignal): Promise<VariableValue | undefined>;
  /**
   * One operation on the files of where the code runs, or one command of its shell. Never while a step runs.
   * Aborting `signal` ends a command, and all that it has started.
   */
  runFileOperation(request: FileRequest, signal: AbortSignal): Promise<FileReply>;
  /** Fires once when the sandbox is gone for good and not by `dispose`. */
  readonly onDidDie: Listen<string>;
}

/** How a context appears to the code: one string, or a mapping from path to text. */
export type ContextShape = 'string' | 'mapping';

export interface ContextLoad {
  /** Name of the variable, an identifier in both languages. */
  readonly variable: string;
  /** Writes the sources in order and says their shape. */
  readonly write: (sink: ContextSink) => Promise<ContextShape>;
}

/** Takes UTF-8 text, source by source. Await every call: that is the back-pressure. */
export interface ContextSink {
  /** What all sources together are expected to take, before the first: a hint for allocation. */
  expect(totalBytes: number): Promise<void>;
  /** `sizeBytes` is what the source is expected to take, as a hint for allocation. */
  beginSource(path: string, sizeBytes: number): Promise<void>;
  /** `bytes` may be reused by the caller after the returned promise settles. */
  write(bytes: Uint8Array): Promise<void>;
  /** Forgets what was written of the current source, to write it again from its start. */
  restartSource(): Promise<void>;
}

export interface ContextSizes {
  /** As the code's own length function counts: code points in Python, UTF-16 units in JavaScript. */
  readonly totalChars: number;
  readonly totalLines: number;
  /** First 50, in order. */
  readonly sources: readonly SourceSize[];
  readonly sourceCount: number;
  /** First 500 characters. */
  readonly preview: string;
}

export interface SourceSize {
  readonly path: string;
  readonly chars: number;
}

export interface StepRequest {
  readonly step: number;
  /** 1–50,000 UTF-16 units. */
  readonly code: string;
  readonly timeoutMs: number;
  readonly maxOutputChars: number;
  /** Answers calls that need the host: sub-models, child sessions, FINAL. May reject. */
  readonly onHostCall: (call: HostCall, signal: AbortSignal) => Promise<unknown>;
}

export interface HostCall {
  readonly name: string;
  /** JSON values as the code gave them; untrusted. */
  readonly args: readonly unknown[];
}

export type Interruption = 'timeout' | 'cancelled';

/** What a step produced. Text is cut at the step's `maxOutputChars`. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** What of each text was not kept; the texts carry no mark of it: see `toShownTexts`. */
  readonly dropped: DroppedChars;
  /** Texts that show a value in part, which they say in their own words: so many more items. */
  readonly abridged: readonly OutputField[];
  /** Repr of a trailing expression's value, or null when there is none or it is None/undefined. */
  readonly result: string | null;
  readonly error: StepError | null;
  /** Names of the code's own variables after the step, sorted. */
  readonly variables: readonly string[];
  readonly changes: readonly VariableChange[];
  /** What the code gave to FINAL, FINAL_VAR or SUBMIT, as text; the last call counts. */
  readonly finalAnswer: string | null;
  readonly durationMs: number;
  readonly interruption: Interruption | null;
  /** The code did not let go: its worker was replaced, all variables but the contexts are gone. */
  readonly stateLost: boolean;
  /** What it connected to, or wanted to. Left out: nothing. */
  readonly network?: NetworkRecord | undefined;
}

export const outputFields = ['stdout', 'stderr', 'result'] as const;
export type OutputField = (typeof outputFields)[number];

/** UTF-16 units beyond the step's `maxOutputChars`. Of a result that is a text: characters of that text. */
export interface DroppedChars {
  readonly stdout: number;
  readonly stderr: number;
  readonly result: number;
}

export interface StepError {
  readonly type: string;
  readonly message: string;
  /** 1-based line in the step's code, where known. */
  readonly line: number | null;
  readonly traceback: string;
}

export interface VariableChange extends VariableInfo {
  readonly change: 'added' | 'changed' | 'removed';
  /**
   * Of what the value holds, the same for equal values in every process; null for what holds nothing of its
   * own (a function, an iterator), or where it could not be told within its time and memory.
   */
  readonly hash: string | null;
}

export interface VariableInfo {
  readonly name: string;
  readonly type: string;
  /** Characters of text, bytes of binary, items of a container; null for anything else. */
  readonly size: number | null;
  /** At most 200 characters. */
  readonly preview: string;
}

export interface VariableRequest {
  readonly name: string;
  readonly offset: number;
  readonly maxChars: number;
  readonly timeoutMs: number;
}

export interface VariableValue {
  readonly type: string;
  /** JSON text where the value is JSON and not a string, the string itself, else its repr. */
  readonly text: string;
  readonly form: 'text' | 'json' | 'repr';
  /** Of the whole text; where that is not known, of what there is of it. */
  readonly totalChars: number;
  /**
   * Null when the text is the whole value's. Else why it is not, as the end of “x is not whole: …” (too long, too
   * deep, out of time or memory): fit to be shown, never to be committed as an answer.
   */
  readonly incomplete: string | null;
}
