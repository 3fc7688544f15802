// The HTTP status that an error inside a stream stands for, where its code is one.

/** Null where the code is none. */
export function readStreamStatus(code: unknown): number | null {
  const status = Number(typeof code === 'string' && code.trim() === '' ? NaN : code);
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : null;
}
