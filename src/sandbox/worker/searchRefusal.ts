// What a search may not do, told to the code that asked for it.

export class SearchRefusal extends Error {
  /** INVALID_INPUT: another pattern or query would do. SANDBOX_EXEC_ERROR: it finds too much. */
  readonly code: 'INVALID_INPUT' | 'SANDBOX_EXEC_ERROR';

  constructor(code: SearchRefusal['code'], message: string) {
    super(message);
    this.code = code;
  }
}
