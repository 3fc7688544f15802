// What of a build a server needs, as one archive with a name that says what is in it.

import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { createGzip } from 'node:zlib';
import { RlmError } from '../core/errors';
import { loadTarLibrary } from '../store/archive';

/** What only an editor loads. */
const leftOut: readonly string[] = ['extension.js', 'engine.js'];
const program = 'cli.js';

export interface ServerBundle {
  /** The same for the same files. */
  readonly hash: string;
  readonly files: number;
  readonly bytes: Buffer;
}

/** `folder`: the build that this program is of. @throws RlmError 'INVALID_INPUT' where that is none. */
export async function packServer(folder: string): Promise<ServerBundle> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => !leftOut.includes(name))
    .sort();
  if (!names.includes(program)) {
    throw new RlmError('INVALID_INPUT', `${folder} is no build of this program.`, {
      nextStep: 'Run it as it was installed or built: node dist/cli.js deploy daytona.',
    });
  }
  const hash = createHash('sha256');
  const { pack: createPack } = await loadTarLibrary();
  const pack = createPack();
  const packed = collect(pack.pipe(createGzip({ level: 3 })));
  for (const name of names) {
    const bytes = await readFile(path.join(folder, name));
    const inside = name.split(path.sep).join('/');
    hash.update(`${inside}\0${bytes.length}\0`).update(bytes);
    pack.entry({ name: inside, mode: 0o644, mtime: new Date(0) }, bytes);
  }
  pack.finalize();
  return { hash: hash.digest('hex').slice(0, 16), files: names.length, bytes: await packed };
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
