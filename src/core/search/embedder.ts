// Port: texts as vectors, so that what means the same is near. Implemented in src/models.

export interface Embedder {
  /** Vectors of one are of no use to another. */
  readonly model: string;
  /** One for each text, all of the same length. @throws RlmError 'MODEL_UNAVAILABLE' | 'CANCELLED' */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>;
}
