// What is used of the editor's language models, apart from the editor's own types.

import { toOneLine } from '../../base/text';
import { RlmError } from '../../core/errors';
import type { ModelMessage } from '../../core/model';

export interface EditorModel {
  readonly vendor: string;
  readonly id: string;
  readonly family: string;
  /** For people. */
  readonly name: string;
  readonly maxInputTokens: number;
  /** False where the editor says that we may not ask. */
  readonly isAllowed: boolean;
  countTokens(message: ModelMessage, signal: AbortSignal): Promise<number>;
  /** The answer's pieces; the request ends when `signal` aborts. */
  ask(messages: readonly ModelMessage[], signal: AbortSignal): Promise<AsyncIterable<string>>;
  /** Lets the editor ask the person for consent, and sends nothing. Rejects when it is refused. */
  askConsent(): Promise<void>;
}

export interface EditorModels {
  /** Those of every vendor, in the editor's order. */
  list(): Promise<readonly EditorModel[]>;
}

const maxSaidChars = 300;

/** Unambiguous among vendors: `vscode/<vendor>/<id>`. */
export function toModelName({ vendor, id }: Pick<EditorModel, 'vendor' | 'id'>): string {
  return `vscode/${vendor}/${id}`;
}

export function consentMissing(model: Pick<EditorModel, 'vendor' | 'id'>): RlmError {
  return new RlmError(
    'MODEL_UNAVAILABLE',
    `You have not allowed RLM to ask ${toModelName(model)}.`,
    {
      nextStep:
        'Run “RLM: Choose Models…” in the editor and choose it, which asks for your consent; a run never does.',
    },
  );
}

/** Whether the editor says that consent was not given or was taken back. */
export function isRefusal(thrown: unknown): boolean {
  return readCode(thrown) === 'NoPermissions';
}

/** By the codes of the editor's `LanguageModelError`. */
export function toModelError(thrown: unknown, model: Pick<EditorModel, 'vendor' | 'id'>): RlmError {
  const name = toModelName(model);
  const said = toOneLine(thrown instanceof Error ? thrown.message : String(thrown), maxSaidChars);
  switch (readCode(thrown)) {
    case 'NoPermissions':
      return consentMissing(model);
    case 'NotFound':
      return new RlmError('INVALID_INPUT', `The editor no longer has the model ${name}.`, {
        nextStep: 'Choose another one with “RLM: Choose Models…”; rlm_status lists them.',
      });
    case 'Blocked':
      return new RlmError('MODEL_UNAVAILABLE', `The editor blocks requests to ${name}: ${said}`, {
        nextStep: 'Check quota and policy of the account, ask again later, or name another model.',
      });
    default:
      return new RlmError('MODEL_UNAVAILABLE', `${name} failed to answer: ${said}`, {
        nextStep: 'Ask again later, or choose another model with “RLM: Choose Models…”.',
      });
  }
}

function readCode(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
