// A language model of the editor that a test scripts.

import type { ModelMessage } from '../../src/core/model';
import { Approvals } from '../../src/extension/models/approvals';
import type { EditorModel } from '../../src/extension/models/editorModel';

export interface FakeEditorModel extends EditorModel {
  readonly asked: (readonly ModelMessage[])[];
  /** Of the latest request. */
  readonly signals: AbortSignal[];
}

interface FakeEditorModelOptions extends Partial<
  Pick<EditorModel, 'vendor' | 'id' | 'family' | 'maxInputTokens' | 'isAllowed' | 'countTokens'>
> {
  readonly pieces?: readonly string[];
  /** Thrown instead of an answer. */
  readonly failure?: Error;
  /** The last piece waits for it. */
  readonly until?: Promise<void>;
}

export function createFakeEditorModel(options: FakeEditorModelOptions = {}): FakeEditorModel {
  const { pieces = ['four ', 'words ', 'as ', 'answer'], failure, until, ...given } = options;
  const asked: (readonly ModelMessage[])[] = [];
  const signals: AbortSignal[] = [];
  async function* answer(): AsyncGenerator<string> {
    yield* pieces;
    await until;
  }
  return {
    vendor: 'maker',
    id: 'one',
    family: 'ones',
    name: 'One',
    maxInputTokens: 1_000,
    isAllowed: true,
    countTokens: async ({ text }) => text.split(/\s+/u).filter((word) => word !== '').length,
    askConsent: async () => undefined,
    ...given,
    asked,
    signals,
    ask: async (messages, signal) => {
      asked.push(messages);
      signals.push(signal);
      if (failure !== undefined) {
        throw failure;
      }
      return answer();
    },
  };
}

/** Approvals kept in memory; those of `vendors` are given. */
export async function createApprovals(...vendors: readonly string[]): Promise<Approvals> {
  const values = new Map<string, unknown>();
  const approvals = new Approvals({
    get: (key) => values.get(key),
    update: async (key, value) => void values.set(key, value),
  });
  for (const vendor of vendors) {
    await approvals.add({ vendor, id: 'one' });
  }
  return approvals;
}

/** As the editor's `LanguageModelError`. */
export function createModelError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
