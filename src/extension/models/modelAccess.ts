// All that this window has of models: what is configured, keys, the editor's own models, and which of
// them a person has allowed.

import type * as vscode from 'vscode';
import type { ModelProvider } from '../../core/model';
import type { ModelSettings } from '../../models/modelSettings';
import { systemClock } from '../../systemClock';
import { readGivenModelSettings } from '../settings';
import { Approvals } from './approvals';
import { type EditorModel, type EditorModels, toModelError, toModelName } from './editorModel';
import { createEditorModels, toEditorModel } from './editorModels';
import { EditorProvider, findByName } from './editorProvider';
import { KeyStore } from './keyStore';

export class ModelAccess {
  readonly keys: KeyStore;
  /** For the engine. */
  readonly provider: ModelProvider;
  readonly #access: vscode.LanguageModelAccessInformation;
  readonly #approvals: Approvals;
  readonly #models: EditorModels;

  constructor({
    secrets,
    globalState,
    languageModelAccessInformation,
  }: Pick<vscode.ExtensionContext, 'secrets' | 'globalState' | 'languageModelAccessInformation'>) {
    this.keys = new KeyStore(secrets);
    this.#access = languageModelAccessInformation;
    this.#approvals = new Approvals(globalState);
    this.#models = createEditorModels(this.#access);
    this.provider = new EditorProvider({
      models: this.#models,
      approvals: this.#approvals,
      clock: systemClock,
    });
  }

  /** @throws RlmError 'INVALID_INPUT' for a wrong setting or variable. */
  readonly readSettings = async (): Promise<ModelSettings> => {
    const { readModelSettings } = await import('./modelConfiguration'); // its parser is not needed before
    const { keys } = this;
    return readModelSettings({ settings: readGivenModelSettings(), env: process.env, keys });
  };

  listEditorModels(): Promise<readonly EditorModel[]> {
    return this.#models.list();
  }

  isApproved({ vendor, isAllowed }: EditorModel): boolean {
    return isAllowed && this.#approvals.has(vendor);
  }

  /**
   * Lets the editor ask for consent, where it has to. Only for what a person does right now.
   * @throws RlmError 'MODEL_UNAVAILABLE' when the person refuses.
   */
  async approve(model: EditorModel): Promise<void> {
    try {
      await model.askConsent();
    } catch (thrown) {
      await this.#approvals.removeVendor(model.vendor);
      throw toModelError(thrown, model);
    }
    await this.#approvals.add(model);
  }

  /** The model of a chat's request, by its name for the engine. */
  async approveChatModel(model: vscode.LanguageModelChat): Promise<string> {
    const chosen = toEditorModel(model, this.#access);
    await this.approve(chosen);
    return toModelName(chosen);
  }

  /** As `approve`, where `name` is that of an editor's model which is there and not approved yet. */
  async approveByName(name: string | null): Promise<void> {
    if (name?.startsWith('vscode/')) {
      const found = findByName(await this.#models.list(), name.slice('vscode/'.length));
      if (found && !this.isApproved(found)) {
        await this.approve(found);
      }
    }
  }
}
