// The provider `vscode`: the editor's language models, as far as a person has allowed us to ask them.
// Never opens a dialog.

import { untilAborted } from '../../base/abort';
import { cutText } from '../../base/text';
import type { Clock } from '../../core/clock';
import { RlmError, cancelledError } from '../../core/errors';
import {
  type ModelAnswer,
  type ModelMessage,
  type ModelProvider,
  type ModelRequest,
  type ProviderStatus,
  maxListedModels,
} from '../../core/model';
import { estimateTokens } from '../../core/tokens';
import { AnswerTimeout, type Patience } from '../../models/answerTimeout';
import type { Approvals } from './approvals';
import {
  type EditorModel,
  type EditorModels,
  consentMissing,
  isRefusal,
  toModelError,
  toModelName,
} from './editorModel';

interface EditorProviderParts {
  readonly models: EditorModels;
  readonly approvals: Approvals;
  readonly clock: Clock;
}

/** As of the providers behind HTTP. */
const patience: Patience = { totalMs: 600_000, silenceMs: 300_000 };
/** Source: `estimateTokens`. */
const charsPerToken = 4;
const namesInError = 10;

type EditorAnswer = Pick<ModelAnswer, 'text' | 'cutBy'>;

export class EditorProvider implements ModelProvider {
  readonly name = 'vscode';
  readonly #parts: EditorProviderParts;

  constructor(parts: EditorProviderParts) {
    this.#parts = parts;
  }

  async isReady(): Promise<boolean> {
    const models = await this.#parts.models.list();
    return models.some((model) => this.#mayAsk(model));
  }

  async answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const model = await this.#find(request.model);
    try {
      const promptTokens = await countAll(model, request.messages, signal);
      if (promptTokens > model.maxInputTokens) {
        throw tooLong(model, promptTokens);
      }
      const { text, ...cut } = await this.#read(model, request, signal);
      return {
        text,
        ...cut,
        model: toModelName(model),
        promptTokens,
        answerTokens: await countAll(model, [{ role: 'assistant', text }], signal),
        tokensEstimated: true, // counted by the model's tokenizer, but not what the vendor has charged
        costUsd: null,
      };
    } catch (thrown) {
      if (signal.aborted) {
        throw cancelledError('The model call');
      }
      if (isRefusal(thrown)) {
        await this.#parts.approvals.removeVendor(model.vendor);
      }
      throw thrown instanceof RlmError ? thrown : toModelError(thrown, model);
    }
  }

  async readStatus(): Promise<ProviderStatus> {
    const provider = this.name;
    try {
      const all = await this.#parts.models.list();
      const allowed = all.filter((model) => this.#mayAsk(model));
      if (allowed.length === 0) {
        const detail =
          all.length === 0
            ? 'the editor has no language models'
            : `the editor has ${all.length}; allow one with “RLM: Choose Models…”`;
        return { provider, state: 'off', detail, models: [] };
      }
      const detail = `${allowed.length} of the editor’s ${all.length} models may be asked`;
      const models = allowed.slice(0, maxListedModels).map(toModelName);
      return { provider, state: 'ready', detail, models };
    } catch (thrown) {
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      return { provider, state: 'failing', detail, models: [] };
    }
  }

  #mayAsk({ vendor, isAllowed }: EditorModel): boolean {
    return isAllowed && this.#parts.approvals.has(vendor);
  }

  /** Null: the one that was approved last, else any of an approved vendor. */
  async #find(name: string | null): Promise<EditorModel> {
    const models = await this.#parts.models.list();
    const allowed = models.filter((model) => this.#mayAsk(model));
    if (name !== null) {
      const found = findByName(allowed, name) ?? findByName(models, name);
      if (!found) {
        throw unknownModel(name, models);
      }
      if (!this.#mayAsk(found)) {
        throw consentMissing(found);
      }
      return found;
    }
    const latest = this.#parts.approvals
      .list()
      .flatMap(
        ({ vendor, id }) => allowed.find((one) => one.vendor === vendor && one.id === id) ?? [],
      );
    const found = latest[0] ?? allowed[0];
    if (!found) {
      throw new RlmError('MODEL_UNAVAILABLE', 'No model of the editor may be asked.', {
        nextStep:
          'Choose one with “RLM: Choose Models…” in the editor, which asks for your consent.',
      });
    }
    return found;
  }

  /** The whole answer, or its beginning where it takes more tokens than it may. */
  async #read(
    model: EditorModel,
    request: ModelRequest,
    signal: AbortSignal,
  ): Promise<EditorAnswer> {
    const { messages, maxAnswerTokens, onText } = request;
    const timeout = new AnswerTimeout(this.#parts.clock, patience, signal);
    let text = '';
    const read = async (): Promise<EditorAnswer> => {
      for await (const piece of await model.ask(messages, timeout.signal)) {
        if (timeout.signal.aborted) {
          return { text };
        }
        timeout.touch();
        text += piece;
        onText?.(piece);
        if (estimateTokens(text) > maxAnswerTokens) {
          return { text: cutText(text, maxAnswerTokens * charsPerToken).text, cutBy: 'tokens' };
        }
      }
      return { text };
    };
    try {
      // A vendor need not notice that the request is over.
      return await untilAborted(read(), timeout.signal, () => cancelledError('The model call'));
    } catch (thrown) {
      if (timeout.expired === null) {
        throw thrown;
      }
      throw new RlmError(
        'MODEL_UNAVAILABLE',
        `${toModelName(model)} took too long: ${timeout.expired}.`,
        {
          nextStep: 'Ask again later, with less text, or name another model.',
        },
      );
    } finally {
      timeout.dispose(); // ends the request, too
    }
  }
}

/** `vendor/id`, an id, or a family, of which the first is meant. */
export function findByName(models: readonly EditorModel[], name: string): EditorModel | undefined {
  return (
    models.find(({ vendor, id }) => `${vendor}/${id}` === name) ??
    models.find(({ id }) => id === name) ??
    models.find(({ family }) => family === name)
  );
}

async function countAll(
  model: EditorModel,
  messages: readonly ModelMessage[],
  signal: AbortSignal,
): Promise<number> {
  const counts = messages.map((message) =>
    model.countTokens(message, signal).catch(() => estimateTokens(message.text)),
  );
  const all = Promise.all(counts);
  const sums = await untilAborted(all, signal, () => cancelledError('The model call'));
  return sums.reduce((sum, count) => sum + count, 0);
}

function unknownModel(name: string, models: readonly EditorModel[]): RlmError {
  const known = models.slice(0, namesInError).map(toModelName).join(', ');
  const given = JSON.stringify(name.slice(0, 200));
  return new RlmError('INVALID_INPUT', `The editor has no model ${given}.`, {
    nextStep: known === '' ? 'It has none at all.' : `Name one of its models: ${known}.`,
  });
}

function tooLong(model: EditorModel, promptTokens: number): RlmError {
  const { maxInputTokens } = model;
  return new RlmError(
    'INVALID_INPUT',
    `${toModelName(model)} takes ${maxInputTokens} tokens, and the prompt has ${promptTokens}.`,
    { nextStep: 'Ask with less text: cut it into pieces, and ask about each.' },
  );
}
