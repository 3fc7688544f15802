// An authorization server on loopback: it tells its keys, and signs whatever a test wants.

import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from 'jose';

interface KeyPair {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export interface Claims {
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly sub?: string;
  readonly exp?: number;
  readonly nbf?: number;
  readonly scope?: string;
}

const openIdPath = '/.well-known/openid-configuration';

export class FakeIssuer {
  readonly #server: Server;
  readonly #keys: KeyPair[] = [];
  /** Its answers fail as long as this is set. */
  isDown = false;
  /** What it says its name is; its address when null. */
  claimedIssuer: string | null = null;
  /** What it answers where OpenID Connect looks, when it tells of itself by OAuth's own metadata alone; null: there too. */
  atOpenId: { readonly status: number; readonly text: string } | null = null;

  private constructor() {
    this.#server = createServer((request, response) => {
      if (this.atOpenId && request.url === openIdPath) {
        const { status, text } = this.atOpenId;
        response.writeHead(status, { Location: '/elsewhere' }).end(text);
        return;
      }
      this.#answer(request.url ?? '').then(
        (body) => response.writeHead(body ? 200 : 404).end(JSON.stringify(body)),
        () => response.writeHead(500).end(),
      );
    });
  }

  static async start(): Promise<FakeIssuer> {
    const issuer = new FakeIssuer();
    await issuer.rotate();
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens
  }

  /** From now on it signs with a new key; the older ones are still told. */
  async rotate(): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    this.#keys.unshift({ kid: `key-${this.#keys.length}`, privateKey, publicKey });
  }

  /** A good token but for what `claims` and `changed` say. */
  async sign(
    claims: Claims,
    changed: { readonly key?: CryptoKey | Uint8Array; readonly alg?: string } = {},
  ): Promise<string> {
    const [key] = this.#keys;
    if (!key) {
      throw new Error('It has no key.');
    }
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const payload = Object.fromEntries(
      Object.entries({ iss: this.url, sub: 'user-1', exp, ...claims }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    return new SignJWT(payload)
      .setProtectedHeader({ alg: changed.alg ?? 'ES256', kid: key.kid, typ: 'at+jwt' })
      .sign(changed.key ?? key.privateKey);
  }

  /** Of the newest key, as a secret that everybody can read. */
  async readPublicText(): Promise<Uint8Array> {
    return Buffer.from(JSON.stringify(await exportJWK((this.#keys[0] as KeyPair).publicKey))); // it has one
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(url: string): Promise<object | null> {
    if (this.isDown) {
      throw new Error('It is down.');
    }
    if (url === openIdPath || url === '/.well-known/oauth-authorization-server') {
      return { issuer: this.claimedIssuer ?? this.url, jwks_uri: `${this.url}/keys` };
    }
    if (url !== '/keys') {
      return null;
    }
    const keys = this.#keys.map(async ({ kid, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg: 'ES256',
      use: 'sig',
    }));
    return { keys: await Promise.all(keys) };
  }
}
