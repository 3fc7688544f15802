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
  /** Settings of the program for this run, by dotted name; no secrets. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Beside those that every run has: its profile's patterns, and the tokens made for it. */
  readonly masker: Masker;
  /**
   * Reserves before each call of a model, and settles after it; false: it is refused, and the program is told so.
   * Null where the calls do not go through us, so that they are only counted afterwards.
   */
  readonly isMetered: boolean;
  dispose(): void;
}

export interface CallMeter {
  /** Tokens at most; null: none is left, and the call is refused. */
  reserve(tokens: number): { settle(usedTokens: number, usd: number | null): void } | null;
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
