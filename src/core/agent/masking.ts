// Port: takes secrets out of what is stored or shown. Implemented in src/agents/masking.

export interface Masker {
  /** The text with each secret replaced by a word that says of what kind it was. */
  mask(text: string): string;
  /** For a text that comes piece by piece: secrets across pieces are found. */
  openStream(): MaskStream;
}

export interface MaskStream {
  /** What can be told of the text so far; the rest is held back, at most some thousand characters. */
  push(piece: string): string;
  /** What was held back. */
  end(): string;
}

/** What a run's program is given to reach a model, and what must never be seen of it. */
export interface AgentAccess {
  /** Settings of the program for this run, by dotted name; no secret but tokens of the run, in headers. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Beside those that every run has: its profile's patterns, and the tokens made for it. */
  readonly masker: Masker;
  /** Whether each call of a model is admitted before it is made; else they are counted afterwards. */
  readonly isMetered: boolean;
  dispose(): void;
}

export interface CallMeter {
  /**
   * Before a call that uses so much at most; waits while other calls may use up what is left. Null: it is refused, since
   * the means are used up or the run ends. `usd`: null where no price is known.
   */
  admit(most: CallMost, signal: AbortSignal): Promise<AdmittedCall | null>;
}

export interface CallMost {
  readonly tokens: number;
  readonly usd: number | null;
}

export interface AdmittedCall {
  /** Once, when it has ended. */
  settle(usedTokens: number, usd: number | null): void;
}

/** Port: how runs reach a model without knowing its key. Implemented in src/runtime/localAgents.ts. */
export interface AgentAccessSource {
  /** @throws RlmError 'MODEL_UNAVAILABLE' with what to set up. */
  open(request: {
    readonly sessionId: string;
    readonly mask: readonly string[];
    /** Tokens that were made for the run. */
    readonly secrets: readonly string[];
    readonly meter: CallMeter;
  }): Promise<AgentAccess>;
  /** For people and `doctor`: how agents would reach a model, never a key. */
  readStatus(): Promise<{
    readonly works: boolean;
    readonly detail: string;
    readonly nextStep: string | null;
  }>;
}
