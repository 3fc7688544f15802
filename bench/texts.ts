// Log-like texts of any size, the same in every run, with rare and with frequent things to find.

const blockBytes = 1_000_000;
const levels = ['INFO', 'INFO', 'INFO', 'WARN', 'DEBUG'];
/** Once in a million bytes and nowhere else; shorter than any line that it stands at the start of. */
const needle = 'needle 0123456789 ';

/** ASCII unless `isWide`; then every line holds characters of two and three bytes. */
export function createText(bytes: number, options: { readonly isWide?: boolean } = {}): Buffer {
  const block = createBlock(options.isWide === true);
  const text = Buffer.allocUnsafeSlow(bytes);
  for (let at = 0; at < bytes; at += block.length) {
    block.copy(text, at);
  }
  for (let at = 0; at + blockBytes <= bytes; at += block.length) {
    text.write(needle, at);
  }
  if (options.isWide === true) {
    endCleanly(text);
  }
  return text;
}

/** A million bytes of whole lines, the last one a filler. */
function createBlock(isWide: boolean): Buffer {
  const lines: string[] = [];
  let random = 20_260_714;
  const next = (below: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((random / 2 ** 32) * below);
  };
  let bytes = 0;
  for (let number = 0; ; number += 1) {
    const status = number % 20 === 7 ? 503 : 200;
    const tookMs = number % 2 === 0 ? 1_000 + next(9_000) : next(1_000);
    const place = isWide ? 'Zürich → 東京' : 'zurich-tokyo';
    const level = levels[next(levels.length)] ?? 'INFO';
    const line = `2026-07-14 09:${10 + next(50)} ${level} api-${next(16)} ${place} request ${next(1e7)} took ${tookMs} ms status=${status}\n`;
    const size = Buffer.byteLength(line);
    if (bytes + size > blockBytes) {
      break;
    }
    lines.push(line);
    bytes += size;
  }
  lines.push(`${'-'.repeat(blockBytes - bytes - 1)}\n`);
  return Buffer.from(lines.join(''));
}

/** Replaces a character that the end cuts through. */
function endCleanly(text: Buffer): void {
  for (let at = text.length - 1; at >= 0 && (text[at] ?? 0) >= 0x80; at -= 1) {
    text[at] = 0x2e;
  }
}
