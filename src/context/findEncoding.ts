// The encoding of an opened file that has no mark and was not given one: declared, UTF-8, or guessed.

import type { SourceText } from '../core/context';
import { throwIfCancelled } from './cancel';
import { findDeclaredEncoding, tailBytes } from './declaredEncoding';
import { countUtf8Characters, isDamagedUtf8 } from './encoding';
import { asciiEncoding, decodeBytes, twoByteEncodings } from './encodingNames';
import { readSample } from './encodingSample';
import type { EncodingGuess } from './guessEncoding';
import { type OpenedFile, readFully, roomBytes } from './openedFile';

/** Guesses by the bytes of a sample, off this thread. */
export type DetectEncoding = (sample: Buffer, signal: AbortSignal) => Promise<EncodingGuess>;

/** Why a source's text may not be what was meant. */
export type TextDoubt =
  | { readonly kind: 'guess'; readonly others: readonly string[] }
  /** The file says that it is `declared`, and its bytes say otherwise. */
  | { readonly kind: 'declaration'; readonly declared: string }
  /** The caller gave another encoding than the file's byte order mark. */
  | { readonly kind: 'mark' }
  | { readonly kind: 'zeros' };

export interface FoundEncoding extends Pick<SourceText, 'encoding' | 'encodingFrom'> {
  readonly doubts: readonly TextDoubt[];
}

/** So many characters of valid UTF-8 do not come about by chance in pages of two bytes. */
const surelyUtf8 = 4;

/** Of a file whose bytes are all valid UTF-8, and perhaps all ASCII. */
export function findValidEncoding(file: OpenedFile, isAscii: boolean): FoundEncoding {
  const head = file.head.subarray(roomBytes);
  const declared = findDeclaredEncoding(head, Buffer.alloc(0));
  const utf8 = { encoding: 'utf-8', encodingFrom: 'guessed', doubts: [] } as const;
  if (declared === null) {
    return utf8;
  }
  const mayBeOther =
    file.handle === null &&
    twoByteEncodings.has(declared) &&
    countUtf8Characters(head) < surelyUtf8 &&
    reads(head, declared);
  if (declared === 'utf-8' || isAscii || mayBeOther) {
    return { encoding: declared, encodingFrom: 'declared', doubts: [] };
  }
  return { ...utf8, doubts: [{ kind: 'declaration', declared }] };
}

/** Of a file that is not valid UTF-8; `odd` is the part that showed it. */
export async function findOtherEncoding(
  file: OpenedFile,
  odd: Buffer,
  control: { readonly detectEncoding: DetectEncoding; readonly signal: AbortSignal },
): Promise<FoundEncoding> {
  if (hasJapaneseEscapes(odd)) {
    return { encoding: 'iso-2022-jp', encodingFrom: 'guessed', doubts: [] };
  }
  const { bytes: sample, isMostlyUtf8 } = await readSample(file, odd);
  const declared = findDeclaredEncoding(file.head.subarray(roomBytes), await readTail(file));
  throwIfCancelled(control.signal);
  const contradicted: readonly TextDoubt[] =
    declared === null ? [] : [{ kind: 'declaration', declared }];
  if (isMostlyUtf8 || isDamagedUtf8(sample)) {
    return declared === 'utf-8'
      ? { encoding: 'utf-8', encodingFrom: 'declared', doubts: [] }
      : { encoding: 'utf-8', encodingFrom: 'guessed', doubts: contradicted };
  }
  const mayBeDeclared = declared !== null && declared !== 'utf-8' && declared !== asciiEncoding;
  if (mayBeDeclared && reads(sample, declared)) {
    return { encoding: declared, encodingFrom: 'declared', doubts: [] };
  }
  const { encoding, isDoubtful, others } = await control.detectEncoding(sample, control.signal);
  const unsure: readonly TextDoubt[] = isDoubtful ? [{ kind: 'guess', others }] : [];
  return { encoding, encodingFrom: 'guessed', doubts: [...contradicted, ...unsure] };
}

/** Nearly every character of the sample is one of the encoding's. */
function reads(sample: Buffer, encoding: string): boolean {
  const text = decodeBytes(sample, encoding);
  return (text.match(/\ufffd/gu)?.length ?? 0) * 100 <= text.length;
}

/** Source: RFC 1468; ESC $ also begins private sequences of terminals, without the way back to ASCII. */
export function hasJapaneseEscapes(bytes: Buffer): boolean {
  const start = Math.max(
    bytes.indexOf('\x1b$B', 0, 'latin1'),
    bytes.indexOf('\x1b$@', 0, 'latin1'),
  );
  return (
    start >= 0 &&
    Math.max(bytes.indexOf('\x1b(B', start, 'latin1'), bytes.indexOf('\x1b(J', start, 'latin1')) > 0
  );
}

async function readTail({ handle, head, sizeBytes }: OpenedFile): Promise<Buffer> {
  if (handle === null) {
    return head.subarray(Math.max(roomBytes, head.length - tailBytes));
  }
  const tail = Buffer.alloc(tailBytes);
  return tail.subarray(0, await readFully(handle, tail, Math.max(0, sizeBytes - tailBytes)));
}
