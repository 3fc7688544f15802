// Takes secrets out of texts: those that are known, however they are written, and what looks like one.

import type { Masker, MaskStream } from '../../core/agent/masking';

interface Pattern {
  readonly kind: string;
  /** What it matches is replaced whole, or its group `secret` alone. */
  readonly regex: RegExp;
}

const secretName =
  '\\b\\w{0,60}(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)\\w{0,60}["\']?\\s{0,3}[=:]\\s{0,3}';

/** Linear in the text: no repetition within another over the same characters. */
const builtIn: readonly Pattern[] = [
  {
    kind: 'private key',
    regex:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,16384}?-----END [A-Z ]{0,40}PRIVATE KEY-----/gu,
  },
  { kind: 'token', regex: /\beyJ[\w-]{10,4096}\.[\w-]{10,8192}\.[\w-]{10,4096}/gu },
  { kind: 'API key', regex: /\b(?:sk|pk|rk)-[\w-]{16,256}/gu },
  { kind: 'API key', regex: /\b(?:sk|pk|rk)_(?:live|test)_\w{16,256}/gu },
  {
    kind: 'token',
    regex: /\bgh[pousr]_\w{20,255}|\bgithub_pat_\w{20,255}|\bglpat-[\w-]{20,255}/gu,
  },
  { kind: 'token', regex: /\bxox[abeoprs]-[\w-]{10,255}/gu },
  { kind: 'token', regex: /\bnpm_\w{30,255}|\bpypi-[\w-]{30,255}|\bhf_\w{30,255}/gu },
  { kind: 'access key', regex: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/gu },
  { kind: 'API key', regex: /\bAIza[\w-]{35}/gu },
  {
    kind: 'password',
    regex: /\b[a-z][\w+.-]{1,30}:\/\/[^\s:/@]{1,256}:(?<secret>[^\s/@]{1,256})@/giu,
  },
  { kind: 'token', regex: /\b(?:Bearer|Basic) (?<secret>[\w+/=.~-]{16,8192})/gu },
  // A value in quotes, or one without that has a digit: `apiKey = readKey()` holds none.
  { kind: 'secret', regex: new RegExp(`${secretName}["'](?<secret>[^\\s"']{8,4096})["']`, 'giu') },
  {
    kind: 'secret',
    regex: new RegExp(
      `${secretName}(?<secret>(?=[^\\s"',;()]{0,200}\\d)[^\\s"',;()]{8,4096})`,
      'giu',
    ),
  },
];

/** Held back of a stream: a secret may go on in the next piece. */
const windowChars = 8_192;
const minSecretChars = 6;

export class SecretMasker implements Masker {
  readonly #known: RegExp | null;
  readonly #patterns: readonly Pattern[];

  /** `secrets`: values that must be seen nowhere. `patterns`: further ones, without flags. */
  constructor(secrets: readonly string[], patterns: readonly string[] = []) {
    this.#known = toKnown(secrets);
    this.#patterns = [
      ...builtIn,
      ...patterns.map((source) => ({ kind: 'secret', regex: new RegExp(source, 'gu') })),
    ];
  }

  /** Until nothing more is found: what stood beside a secret may be one by itself. */
  mask(text: string): string {
    const masked = this.#maskOnce(text);
    return masked === text ? text : this.mask(masked);
  }

  #maskOnce(text: string): string {
    const known = this.#known ? text.replace(this.#known, '[masked: known secret]') : text;
    return this.#patterns.reduce(
      (masked, { kind, regex }) => maskPattern(masked, kind, regex),
      known,
    );
  }

  openStream(): MaskStream {
    let held = '';
    return {
      push: (piece) => {
        held += piece;
        if (held.length <= windowChars) {
          return '';
        }
        // Cut where no secret goes on: behind a line, far enough before the end.
        const line = held.lastIndexOf('\n', held.length - windowChars);
        const at = line >= 0 ? line + 1 : Math.max(0, held.length - 2 * windowChars);
        const masked = this.mask(held);
        if (masked !== held) {
          held = masked; // what was found is out already; the rest is looked at again with what follows
        }
        const told = held.slice(0, Math.min(at, held.length));
        held = held.slice(told.length);
        return told;
      },
      end: () => {
        const told = this.mask(held);
        held = '';
        return told;
      },
    };
  }
}

function maskPattern(text: string, kind: string, regex: RegExp): string {
  return text.replace(regex, (match: string, ...rest: readonly unknown[]) => {
    const groups = rest.at(-1);
    const secret =
      typeof groups === 'object' && groups !== null && 'secret' in groups
        ? groups.secret
        : undefined;
    if (typeof secret !== 'string') {
      return `[masked: ${kind}]`;
    }
    if (secret.startsWith('[masked:')) {
      return match;
    }
    const at = match.lastIndexOf(secret);
    return `${match.slice(0, at)}[masked: ${kind}]${match.slice(at + secret.length)}`;
  });
}

/** As it is, percent-encoded, in JSON, and in base64 at each of its three alignments. */
function toKnown(secrets: readonly string[]): RegExp | null {
  const forms = new Set(
    secrets
      .filter((secret) => secret.length >= minSecretChars)
      .flatMap((secret) => [
        secret,
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
        ...toBase64Forms(secret),
      ]),
  );
  // The longest first: a form may be the beginning of another.
  const sources = [...forms]
    .sort((left, right) => right.length - left.length)
    .map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&'));
  return sources.length === 0 ? null : new RegExp(sources.join('|'), 'gu');
}

function toBase64Forms(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
    const whole = bytes.toString('base64').replaceAll('=', '');
    // Characters that also hold bits of what stands before or after it are left out.
    const from = shift === 0 ? 0 : shift + 1;
    const to = bytes.length % 3 === 0 ? whole.length : whole.length - 1;
    const inner = whole.slice(from, to);
    return inner.length < 8 ? [] : [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
