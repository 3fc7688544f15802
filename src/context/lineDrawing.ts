// Frames and tables drawn with the line characters of DOS, which all of its pages have at the same bytes.

import { decodeBytes } from './encodingNames';

/** A line with its corners, or a whole line of nothing else. Read as letters, the bytes are no word of a language. */
const frames: readonly RegExp[] = [
  /[┌├└][─┬┴┼]{2,}[┐┤┘]/gu,
  /[╔╠╚][═╦╩╬]{2,}[╗╣╝]/gu,
  /[╒╞╘][═╤╧╪]{2,}[╕╡╛]/gu,
  /[╓╟╙][─╥╨╫]{2,}[╖╢╜]/gu,
  /^[ \t]*(?:─{8,}|═{8,})[ \t]*$/gmu,
];
/** Lines and shades that every page of DOS has where cp437 has them. */
const commonSigns = /[│┤┐└┴┬├─┼┘┌║╣╗╝╚╔╩╦╠═╬░▒▓█▄▀]/gu;

export function hasFrames(bytes: Buffer): boolean {
  const text = decodeBytes(bytes, 'cp437');
  return frames.some((frame) => text.search(frame) >= 0);
}

/** The bytes with the lines as spaces, so that what is left are words. */
export function blankLines(bytes: Buffer): Buffer {
  const text = [...frames, commonSigns].reduce(
    (left, sign) => left.replace(sign, (found) => ' '.repeat(found.length)),
    decodeBytes(bytes, 'cp437'),
  );
  return Buffer.from(bytes.map((byte, at) => (text[at] === ' ' ? 0x20 : byte)));
}
