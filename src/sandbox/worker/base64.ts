// Base64 by the language alone: a worker's realm holds nothing of Node.

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const codes = new Uint8Array([...letters].map((letter) => letter.charCodeAt(0)));
const values = new Uint8Array(128);
for (const [value, code] of codes.entries()) {
  values[code] = value;
}
const padding = '='.charCodeAt(0);
const ascii = new TextDecoder('latin1');

export function encodeBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let at = 0, to = 0; at < bytes.length; at += 3, to += 4) {
    const [a = 0, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    const triple = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    out[to] = codes[triple >> 18] ?? 0;
    out[to + 1] = codes[(triple >> 12) & 63] ?? 0;
    out[to + 2] = b === undefined ? padding : (codes[(triple >> 6) & 63] ?? 0);
    out[to + 3] = c === undefined ? padding : (codes[triple & 63] ?? 0);
  }
  return ascii.decode(out);
}

/** Of what `encodeBase64`, or Node, has made. */
export function decodeBase64(text: string): Uint8Array {
  const length = text.replace(/={1,2}$/u, '').length;
  const out = new Uint8Array(Math.floor((length * 3) / 4));
  const read = (at: number): number => (at < length ? (values[text.charCodeAt(at)] ?? 0) : 0);
  for (let at = 0, to = 0; at < length; at += 4, to += 3) {
    const triple = (read(at) << 18) | (read(at + 1) << 12) | (read(at + 2) << 6) | read(at + 3);
    out[to] = triple >> 16; // beyond the end nothing is written
    out[to + 1] = triple >> 8;
    out[to + 2] = triple;
  }
  return out;
}
