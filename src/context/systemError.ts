// What the operating system said, in words for people.

const wordsByCode: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EBUSY: 'in use by another program',
  ELOOP: 'a loop of links',
  EMFILE: 'too many open files',
  EIO: 'the disk reports an error',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of it is not a folder',
};

/** The stable code of a system error (`ENOENT`), or an empty string for any other value. */
export function toErrorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : '';
}

/** `no permission (EACCES)`; the error's own message where the code is not a usual one. */
export function toErrorWords(thrown: unknown): string {
  const code = toErrorCode(thrown);
  const words = wordsByCode[code];
  if (words !== undefined) {
    return `${words} (${code})`;
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}

interface FileKinds {
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** Names what is neither a file, a folder nor a link. */
export function toSpecialKind(entry: FileKinds): string {
  if (entry.isFIFO()) {
    return 'a named pipe';
  }
  return entry.isSocket() ? 'a socket' : 'a device';
}
