// Port: answers a prompt. Implemented in src/models.

export interface Model {
  /** @throws RlmError 'MODEL_UNAVAILABLE' | 'CANCELLED' */
  answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer>;
}

export interface ModelRequest {
  readonly prompt: string;
  /** `provider/model`, or null for the default. */
  readonly model: string | null;
}

export interface ModelAnswer {
  readonly text: string;
  /** Which model answered. */
  readonly model: string;
  readonly promptTokens: number;
  readonly answerTokens: number;
}
