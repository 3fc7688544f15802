// Links that open a trace: `vscode://<publisher>.<name>/trace/<session id>?step=<n>`.

export interface TraceTarget {
  readonly sessionId: string;
  /** Null: none in particular. */
  readonly step: number | null;
}

export function toTraceLink(
  parts: TraceTarget & { readonly scheme: string; readonly extensionId: string },
): string {
  const { scheme, extensionId, sessionId, step } = parts;
  const query = step === null ? '' : `?step=${step}`;
  return `${scheme}://${extensionId}/trace/${encodeURIComponent(sessionId)}${query}`;
}

/** Undefined for a link that opens no trace. */
export function parseTraceLink(uri: {
  readonly path: string;
  readonly query: string;
}): TraceTarget | undefined {
  const [, sessionId] = /^\/trace\/([A-Za-z0-9_-]{8,64})$/u.exec(uri.path) ?? [];
  const step = new URLSearchParams(uri.query).get('step');
  const isStep = step === null || /^\d{1,9}$/u.test(step);
  return sessionId !== undefined && isStep
    ? { sessionId, step: step === null ? null : Number(step) }
    : undefined;
}
