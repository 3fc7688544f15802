// What is known of the certificate of a server under TLS: it is told once when its files can no longer be taken, and
// once when they can again.

import type { HttpListener } from './httpListener';

export interface CertificateState {
  /** In epoch ms. */
  readonly endsAt: number;
  /** Its files hold something that cannot take its place. */
  readonly isStuck: boolean;
}

type Renewing = Pick<HttpListener, 'renew' | 'certificateEndsAt'>;

export class HttpCertificate {
  readonly #listener: Renewing;
  readonly #say: (line: string) => void;
  #fault: string | null = null;

  constructor(listener: Renewing, say: (line: string) => void) {
    this.#listener = listener;
    this.#say = say;
  }

  /** Null: the server has none. */
  get state(): CertificateState | null {
    const endsAt = this.#listener.certificateEndsAt;
    return endsAt === null ? null : { endsAt, isStuck: this.#fault !== null };
  }

  /** Looks at its files again. */
  async look(): Promise<void> {
    const renewal = await this.#listener.renew();
    const fault = renewal.kind === 'failed' ? renewal.reason : null;
    if (renewal.kind === 'renewed' || (fault === null && this.#fault !== null)) {
      this.#say(
        `The TLS certificate was ${renewal.kind === 'renewed' ? 'renewed' : 'found again'}.`,
      );
    } else if (fault !== null && fault !== this.#fault) {
      this.#say(`The TLS certificate is not renewed, the one before stays in use: ${fault}`);
    }
    this.#fault = fault;
  }
}
