// Addresses of files in sandboxes, as the path of an editor's URI. Code names files as it likes: what would break a
// line, reorder a name or end it is written as percent codes, so that a tab shows it.

import { showControls } from '../../base/visible';

export const fileScheme = 'rlm-file';

export interface FileAddress {
  readonly sessionId: string;
  /** Absolute, in the sandbox. */
  readonly path: string;
}

/** What a name may not show as it is, and what would be read as a code. */
const unsafe = /%(?=[0-9a-f]{2})|[\\\p{Cc}\p{Zl}\p{Zp}]/giu;

export function toAddressPath({ sessionId, path }: FileAddress): string {
  const written = Array.from(path.replace(unsafe, toCode), (one) =>
    showControls(one) === one ? one : toCode(one),
  );
  return `/${sessionId}${written.join('')}`;
}

/** Undefined: no address of ours. */
export function parseAddressPath(addressPath: string): FileAddress | undefined {
  const [, sessionId, path] = /^\/([^/]+)(\/.*)$/su.exec(addressPath) ?? [];
  if (sessionId === undefined || path === undefined) {
    return undefined;
  }
  const read = path.replace(/(?:%[0-9a-f]{2})+/giu, (codes) => {
    const bytes = Buffer.from(codes.replaceAll('%', ''), 'hex');
    return bytes.toString('utf8');
  });
  return { sessionId, path: read };
}

/** The last part of a path. */
export function toFileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function toCode(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
