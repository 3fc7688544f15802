/* eslint-disable no-control-regex -- control bytes are what the kinds are told by */
// What a file is that holds no text, by the bytes it begins with, and how its text is got at.

export interface FileKind {
  /** With its article: `a PNG image`. */
  readonly name: string;
  readonly remedy: string;
}

const unpack = 'Unpack it and name the files that come out';
const convert = 'Save its text as a text file and name that one';
const image = 'Recognise its text (tesseract file out) and name the result';
const sound = 'Transcribe it and name the transcript';
const source = 'Name its source instead';
const program = 'Save what it says (strings file) as a text file and name that one';
const leaveOut = 'Leave it out';
const dump = 'Export what matters as text (CSV, SQL, JSON) and name that file';

interface Mark extends FileKind {
  readonly at?: number;
  /** Over the bytes as Latin-1, from `at`. */
  readonly bytes: RegExp;
}

const marks: readonly Mark[] = [
  {
    name: 'a PDF document',
    remedy: 'Convert it (pdftotext file.pdf) and name the text',
    bytes: /^%PDF-/,
  },
  {
    name: 'a gzip archive',
    remedy: 'Decompress it (gunzip -k) and name the result',
    bytes: /^\x1f\x8b/,
  },
  {
    name: 'a bzip2 archive',
    remedy: 'Decompress it (bunzip2 -k) and name the result',
    bytes: /^BZh[1-9]1AY&SY/,
  },
  {
    name: 'an xz archive',
    remedy: 'Decompress it (unxz -k) and name the result',
    bytes: /^\xfd7zXZ\x00/,
  },
  {
    name: 'a zstd archive',
    remedy: 'Decompress it (unzstd) and name the result',
    bytes: /^\x28\xb5\x2f\xfd/,
  },
  {
    name: 'an lz4 archive',
    remedy: 'Decompress it (unlz4) and name the result',
    bytes: /^\x04\x22\x4d\x18/,
  },
  { name: 'a compress archive', remedy: unpack, bytes: /^\x1f\x9d/ },
  { name: 'a 7-Zip archive', remedy: unpack, bytes: /^7z\xbc\xaf\x27\x1c/ },
  { name: 'a RAR archive', remedy: unpack, bytes: /^Rar!\x1a\x07/ },
  { name: 'a tar archive', remedy: unpack, at: 257, bytes: /^ustar/ },
  { name: 'an ar or Debian package', remedy: unpack, bytes: /^!<arch>\n/ },
  { name: 'an RPM package', remedy: unpack, bytes: /^\xed\xab\xee\xdb/ },
  { name: 'a cabinet archive', remedy: unpack, bytes: /^MSCF\x00\x00\x00\x00/ },
  {
    name: 'an SQLite database',
    remedy: `${dump} (sqlite3 file .dump)`,
    bytes: /^SQLite format 3\x00/,
  },
  { name: 'a Parquet file', remedy: dump, bytes: /^PAR1\x15/ },
  { name: 'an Avro file', remedy: dump, bytes: /^Obj\x01/ },
  { name: 'an Arrow file', remedy: dump, bytes: /^ARROW1\x00\x00/ },
  { name: 'an HDF5 file', remedy: dump, bytes: /^\x89HDF\r\n\x1a\n/ },
  { name: 'a NumPy array', remedy: dump, bytes: /^\x93NUMPY/ },
  { name: 'an old Office document', remedy: convert, bytes: /^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/ },
  { name: 'a PNG image', remedy: image, bytes: /^\x89PNG\r\n\x1a\n/ },
  { name: 'a JPEG image', remedy: image, bytes: /^\xff\xd8\xff/ },
  { name: 'a GIF image', remedy: image, bytes: /^GIF8[79]a/ },
  { name: 'a WebP image', remedy: image, bytes: /^RIFF[^]{4}WEBP/ },
  { name: 'a TIFF image', remedy: image, bytes: /^II\*\x00/ },
  { name: 'a TIFF image', remedy: image, bytes: /^MM\x00\*/ },
  { name: 'a BMP image', remedy: image, bytes: /^BM[^]{4}\x00\x00\x00\x00/ },
  { name: 'an icon', remedy: image, bytes: /^\x00\x00\x01\x00/ },
  { name: 'an AVIF or HEIC image', remedy: image, at: 4, bytes: /^ftyp(?:avif|heic|heix|mif1)/ },
  { name: 'a video or audio file', remedy: sound, at: 4, bytes: /^ftyp/ },
  { name: 'a video or audio file', remedy: sound, bytes: /^RIFF[^]{4}(?:AVI |WAVE)/ },
  { name: 'a video or audio file', remedy: sound, bytes: /^\x1a\x45\xdf\xa3/ },
  { name: 'a video or audio file', remedy: sound, bytes: /^OggS\x00/ },
  { name: 'a video or audio file', remedy: sound, bytes: /^fLaC\x00/ },
  { name: 'a video or audio file', remedy: sound, bytes: /^ID3[\x02-\x04]/ },
  { name: 'a font', remedy: leaveOut, bytes: /^wOF[F2]/ },
  { name: 'a font', remedy: leaveOut, bytes: /^(?:\x00\x01\x00\x00|OTTO|true)\x00/ },
  { name: 'an ELF program or library', remedy: program, bytes: /^\x7fELF/ },
  { name: 'a Windows program or library', remedy: program, bytes: /^MZ[^]{0,20}\x00/ },
  { name: 'a macOS program or library', remedy: program, bytes: /^[\xce\xcf]\xfa\xed\xfe/ },
  { name: 'a Java class', remedy: source, bytes: /^\xca\xfe\xba\xbe/ },
  { name: 'a WebAssembly module', remedy: source, bytes: /^\x00asm/ },
  {
    name: 'compiled Python',
    remedy: source,
    bytes: /^[^]{2}\r\n\x00\x00\x00\x00/,
  },
  { name: 'a Python pickle', remedy: dump, bytes: /^\x80[\x02-\x05][\x95}(]/ },
  {
    name: 'a Git pack or index',
    remedy: 'Save what git tells (git log -p) as a text file and name that one',
    bytes: /^(?:PACK|DIRC)\x00\x00/,
  },
  {
    name: 'a packet capture',
    remedy: `${dump} (tshark -r)`,
    bytes: /^(?:\xd4\xc3\xb2\xa1|\x0a\x0d\x0d\x0a)/,
  },
  { name: 'a Windows event log', remedy: dump, bytes: /^ElfFile\x00/ },
];

/** Parts that tell the members of the zip family apart. */
const zipKinds: readonly (readonly [string, FileKind])[] = [
  ['word/', { name: 'a Word document (DOCX)', remedy: convert }],
  ['xl/', { name: 'an Excel workbook (XLSX)', remedy: 'Save its sheets as CSV and name those' }],
  ['ppt/', { name: 'a PowerPoint file (PPTX)', remedy: convert }],
  ['mimetypeapplication/epub+zip', { name: 'an EPUB book', remedy: convert }],
  ['mimetypeapplication/vnd.oasis.opendocument', { name: 'an OpenDocument file', remedy: convert }],
  ['META-INF/MANIFEST.MF', { name: 'a Java archive (JAR)', remedy: unpack }],
];

export const unknownKind: FileKind = {
  name: 'binary data',
  remedy: 'Give `encoding` if it is text after all, else leave it out',
};
export const zeroKind: FileKind = { name: 'nothing but zero bytes', remedy: leaveOut };

/** Null: the bytes are those of no kind that is known. */
export function findFileKind(head: Buffer): FileKind | null {
  if (/^PK(?:\x03\x04|\x05\x06|\x07\x08)/u.test(head.toString('latin1', 0, 4))) {
    const found = zipKinds.find(([part]) => head.includes(part, 0, 'latin1'));
    return found?.[1] ?? { name: 'a zip archive', remedy: unpack };
  }
  return (
    marks.find(({ at = 0, bytes }) => bytes.test(head.toString('latin1', at, at + 32))) ?? null
  );
}
