// Checks access tokens of an OAuth or OpenID Connect authorization server: by its keys, for this server alone.

import * as z from 'zod';
import { RlmError } from '../core/errors';
import type { Libraries } from './loadLibraries';

export interface OidcSettings {
  /** As in the tokens' `iss`: an https address, or http on this machine. */
  readonly issuer: string;
  /** What the tokens' `aud` must name: this server. */
  readonly audience: string;
  /** Where the keys are; null: as the issuer's own metadata say. */
  readonly jwksUrl: string | null;
  /** A scope that tokens must have; null: any will do. */
  readonly scope: string | null;
  /** Between two looks for a key that is not known. */
  readonly cooldownMs?: number;
}

/** Somebody the issuer vouches for. */
export interface OidcUser {
  readonly issuer: string;
  readonly subject: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export type OidcVerdict =
  | ({ readonly kind: 'user' } & OidcUser)
  | { readonly kind: 'unknown' }
  | { readonly kind: 'forbidden'; readonly scope: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

type KeySet = ReturnType<Libraries['createRemoteJWKSet']>;

/** Signatures by the issuer's private key: never by a secret that both sides know, never none. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];
const clockToleranceS = 30;
const fetchMs = 5_000;
const usualCooldownMs = 10_000;
const maxTokenChars = 16_384;
const maxMetadataChars = 100_000;
const unavailable = {
  kind: 'unavailable',
  reason: 'The authorization server cannot be reached to check the token.',
} as const;

const metadataSchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
const claimsSchema = z.object({
  iss: z.string(),
  sub: z.string().min(1).max(1_000),
  exp: z.number(),
  scope: z.string().optional(),
  scp: z.union([z.string(), z.array(z.string())]).optional(),
});

export class OidcVerifier {
  readonly #settings: OidcSettings;
  readonly #libraries: Libraries;
  #keys: Promise<KeySet> | undefined;

  /** @throws RlmError 'INVALID_INPUT' for addresses that tokens must not be checked by. */
  constructor(settings: OidcSettings, libraries: Libraries) {
    requireSafe(settings.issuer);
    if (settings.jwksUrl !== null) {
      requireSafe(settings.jwksUrl);
    }
    this.#settings = settings;
    this.#libraries = libraries;
  }

  get issuer(): string {
    return this.#settings.issuer;
  }

  get scope(): string | null {
    return this.#settings.scope;
  }

  async verify(token: string): Promise<OidcVerdict> {
    const { issuer, audience, scope } = this.#settings;
    const { jwtVerify, errors } = this.#libraries;
    if (token.length > maxTokenChars) {
      return { kind: 'unknown' };
    }
    let keys: KeySet;
    try {
      keys = await this.#findKeys();
    } catch {
      return unavailable;
    }
    try {
      const required = { issuer, audience, algorithms, clockTolerance: clockToleranceS };
      const { payload } = await jwtVerify(token, keys, {
        ...required,
        requiredClaims: ['sub', 'exp', 'iss', 'aud'],
      });
      const claims = claimsSchema.parse(payload);
      if (scope !== null && !listScopes(claims).includes(scope)) {
        return { kind: 'forbidden', scope };
      }
      const { iss, sub: subject, exp } = claims;
      return { kind: 'user', issuer: iss, subject, expiresAt: exp * 1_000 };
    } catch (thrown) {
      const isOurs =
        thrown instanceof z.ZodError ||
        (thrown instanceof errors.JOSEError &&
          !(thrown instanceof errors.JWKSTimeout) &&
          !(thrown instanceof errors.JWKSInvalid) &&
          thrown.code !== 'ERR_JOSE_GENERIC');
      return isOurs ? { kind: 'unknown' } : unavailable;
    }
  }

  #findKeys(): Promise<KeySet> {
    this.#keys ??= this.#loadKeys().catch((thrown: unknown) => {
      this.#keys = undefined; // asked again for the next token
      throw thrown;
    });
    return this.#keys;
  }

  async #loadKeys(): Promise<KeySet> {
    const { cooldownMs: cooldownDuration = usualCooldownMs } = this.#settings;
    const url = this.#settings.jwksUrl ?? (await this.#discover());
    return this.#libraries.createRemoteJWKSet(new URL(url), {
      timeoutDuration: fetchMs,
      cooldownDuration,
    });
  }

  /** Source: OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3. */
  async #discover(): Promise<string> {
    const { issuer } = this.#settings;
    const { origin, pathname } = new URL(issuer);
    const path = pathname.replace(/\/$/u, '');
    const places = [
      `${origin}${path}/.well-known/openid-configuration`,
      `${origin}/.well-known/oauth-authorization-server${path}`,
    ];
    for (const place of places) {
      const found = await readMetadata(place).catch(() => null); // it may be told at the other one alone
      if (found?.issuer === issuer) {
        return requireSafe(found.jwks_uri);
      }
    }
    throw new Error('The issuer tells of no keys.');
  }
}

async function readMetadata(place: string) {
  const response = await fetch(place, { redirect: 'error', signal: AbortSignal.timeout(fetchMs) });
  const text = response.ok ? await response.text() : '';
  if (text === '' || text.length > maxMetadataChars) {
    return null;
  }
  return metadataSchema.safeParse(JSON.parse(text)).data ?? null;
}

function listScopes({ scope = '', scp = [] }: z.infer<typeof claimsSchema>): readonly string[] {
  return [scope, ...(typeof scp === 'string' ? [scp] : scp)].flatMap((text) => text.split(' '));
}

/** Keys that come over a line which anybody can change prove nothing. */
function requireSafe(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(url?.hostname ?? '');
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && isLocal)) {
    throw new RlmError('INVALID_INPUT', `${address} is no https address.`, {
      nextStep: 'Give the issuer as it stands in its tokens, with https.',
    });
  }
  return address;
}
