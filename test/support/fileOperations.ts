// Operations on a sandbox's files, as tests ask for them.

import assert from 'node:assert/strict';
import type { Sandbox } from '../../src/core/sandbox';
import type { FileAnswer, FileOperation, FileReply } from '../../src/core/sandboxFiles';

const never = new AbortController().signal;

export function askFiles(
  sandbox: Sandbox,
  operation: FileOperation,
  { timeoutMs = 20_000, signal = never } = {},
): Promise<FileReply> {
  return sandbox.runFileOperation({ operation, timeoutMs }, signal);
}

/** The answer of an operation, of the kind that was asked for. */
export async function askOk<Kind extends FileOperation['kind']>(
  sandbox: Sandbox,
  operation: Extract<FileOperation, { kind: Kind }>,
): Promise<Extract<FileAnswer, { kind: Kind }>> {
  const { answer } = await askFiles(sandbox, operation);
  assert.ok(answer?.kind === operation.kind, JSON.stringify(answer));
  return answer as Extract<FileAnswer, { kind: Kind }>; // just compared
}

export async function askRefused(sandbox: Sandbox, operation: FileOperation): Promise<string> {
  const { answer } = await askFiles(sandbox, operation);
  assert.ok(answer?.kind === 'refused', JSON.stringify(answer)?.slice(0, 500));
  return answer.reason;
}

export function toWrite(path: string, text: string | Uint8Array, overwrite = false) {
  const bytes = Buffer.from(text);
  const content = bytes.toString('base64');
  const totalBytes = bytes.length;
  return { kind: 'write', path, offset: 0, content, totalBytes, overwrite } as const;
}

export function toRead(path: string, offset = 0, maxBytes = 1_000_000) {
  return { kind: 'read', path, offset, maxBytes } as const;
}

export function toList(path: string, maxEntries = 1_000) {
  return { kind: 'list', path, maxEntries } as const;
}

export function toShell(command: string, maxOutputChars = 20_000) {
  return { kind: 'shell', command, maxOutputChars } as const;
}
