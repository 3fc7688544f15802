// The addresses of resources: parsed in one place, written in one place.

type ResourceAddress =
  | { readonly kind: 'status' }
  | { readonly kind: 'sessions' }
  | { readonly kind: 'profiles' }
  | { readonly kind: 'checklist'; readonly sessionId: string }
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'trace'; readonly sessionId: string }
  | { readonly kind: 'files'; readonly sessionId: string }
  | { readonly kind: 'variable'; readonly sessionId: string; readonly name: string };

export const resourceTemplates = {
  session: 'rlm://sessions/{id}',
  trace: 'rlm://sessions/{id}/trace',
  files: 'rlm://sessions/{id}/files',
  variable: 'rlm://sessions/{id}/vars/{name}',
  checklist: 'rlm://checklists/{id}',
} as const;

/** Undefined when `uri` is no address of ours. */
export function parseResourceUri(uri: string): ResourceAddress | undefined {
  if (uri === 'rlm://status' || uri === 'rlm://sessions') {
    return { kind: uri === 'rlm://status' ? 'status' : 'sessions' };
  }
  if (uri === 'rlm://profiles') {
    return { kind: 'profiles' };
  }
  const checklist = decode(/^rlm:\/\/checklists\/([^/?#]+)$/u.exec(uri)?.[1]);
  if (checklist !== undefined) {
    return { kind: 'checklist', sessionId: checklist };
  }
  const match = /^rlm:\/\/sessions\/([^/?#]+)(?:\/(trace|files)|\/vars\/([^/?#]+))?$/u.exec(uri);
  const sessionId = decode(match?.[1]);
  if (!match || sessionId === undefined) {
    return undefined;
  }
  if (match[2] !== undefined) {
    return { kind: match[2] === 'files' ? 'files' : 'trace', sessionId };
  }
  if (match[3] === undefined) {
    return { kind: 'session', sessionId };
  }
  const name = decode(match[3]);
  return name === undefined ? undefined : { kind: 'variable', sessionId, name };
}

export function toSessionUri(sessionId: string): string {
  return `rlm://sessions/${encodeURIComponent(sessionId)}`;
}

function decode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
