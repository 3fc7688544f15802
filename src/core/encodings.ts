// Names of encodings that a text may be in: those that are offered, and proposed for a wrong one.

/** In lower case, as `SourceText.encoding` has them; the most usual first. */
export const knownEncodings: readonly string[] = [
  ...['utf-8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'],
  ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 874].map((page) => `windows-${page}`),
  ...[2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16].map((part) => `iso-8859-${part}`),
  ...['shift_jis', 'euc-jp', 'iso-2022-jp', 'gb18030', 'gbk', 'big5', 'euc-kr'],
  ...['koi8-r', 'koi8-u', 'ibm866', 'macintosh', 'x-mac-cyrillic'],
  ...[437, 720, 737, 775, 850, 852, 855, 857, 858, 862, 865, 1125].map((page) => `cp${page}`),
];
