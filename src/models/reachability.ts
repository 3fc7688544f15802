// Whether a server answers, and with which models: asked without spending tokens, and not too often.

import { neverAborted } from '../base/abort';
import { cutText } from '../base/text';
import type { Clock } from '../core/clock';
import { toRlmError } from '../core/errors';
import { maxListedModels, type ProviderStatus } from '../core/model';
import { AnswerTimeout, type Patience } from './answerTimeout';
import { toFailure } from './attempt';
import type { HttpClients } from './httpClient';
import type { ModelSettings, ReadModelSettings } from './modelSettings';
import { type ProviderKind, isSetUp, toSubject } from './providerKind';
import { describeFailure } from './serverFailure';

interface ReachabilityParts {
  readonly kind: ProviderKind;
  readonly readSettings: ReadModelSettings;
  readonly loadClients: () => Promise<HttpClients>;
  readonly clock: Clock;
}

const patience: Patience = { totalMs: 5_000, silenceMs: 5_000 };
const keptMs = 30_000;
const maxNameChars = 200;
/** A server that answers so is there, and has no list of models. */
const withoutList: ReadonlySet<number | null> = new Set([404, 405, 501]);

export class Reachability {
  readonly #parts: ReachabilityParts;
  /** Of a server that answered; one that failed is asked again at once. */
  #known: { readonly server: string; readonly at: number; readonly status: ProviderStatus } | null =
    null;

  constructor(parts: ReachabilityParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async readStatus(): Promise<ProviderStatus> {
    const { kind, clock } = this.#parts;
    try {
      const settings = await this.#parts.readSettings();
      if (!isSetUp(kind.select(settings))) {
        const { key, url } = kind.names[settings.setUpIn];
        const detail = `set ${key}, or ${url} for a server without keys`;
        return this.#toStatus('off', detail);
      }
      const server = JSON.stringify(kind.select(settings));
      if (this.#known?.server !== server || clock.monotonic() - this.#known.at >= keptMs) {
        const status = await this.#ask(settings);
        this.#known = { server, at: clock.monotonic(), status };
      }
      const { status } = this.#known;
      if (status.state !== 'ready') {
        this.#known = null;
      }
      return status;
    } catch (thrown) {
      const { message, nextStep } = toRlmError(thrown);
      return this.#toStatus('failing', `${message} ${nextStep}`);
    }
  }

  async #ask(settings: ModelSettings): Promise<ProviderStatus> {
    const { kind, clock } = this.#parts;
    const subject = toSubject(kind, settings, { model: '', prompts: [] });
    const client = kind.createClient(await this.#parts.loadClients(), settings);
    const timeout = new AnswerTimeout(clock, patience, neverAborted);
    try {
      const listed = await client.listModels(timeout.signal);
      const models = listed
        .flatMap(({ id }) => (typeof id === 'string' ? [cutText(id, maxNameChars).text] : []))
        .slice(0, maxListedModels)
        .map((id) => `${kind.name}/${id}`);
      return { ...this.#toStatus('ready', subject.url), models };
    } catch (thrown) {
      const failure = toFailure(client, { thrown, expired: timeout.expired });
      return failure.kind === 'refused' && withoutList.has(failure.error.status)
        ? this.#toStatus('ready', `${subject.url}, which does not list its models`)
        : this.#toStatus('failing', describeFailure(failure, subject));
    } finally {
      timeout.dispose();
    }
  }

  #toStatus(state: ProviderStatus['state'], detail: string): ProviderStatus {
    return { provider: this.#parts.kind.name, state, detail, models: [] };
  }
}
