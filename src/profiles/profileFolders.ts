// The profiles there are: those that come with the program, the user's, and those of trusted workspaces. Files are read
// anew each time, so that an edited one counts from the next run on.

import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { RlmError, toRlmError } from '../core/errors';
import type { Profile, ProfileList, ProfileSource } from '../core/agent/profile';
import { emptyProfile, narrow, overlay, type ProfileBody } from './mergeProfile';
import {
  parseProfileFile,
  type ProfileFile,
  profileIdPattern,
  requireProfileFile,
} from './profileFile';
import codeReviewer from './shipped/code_reviewer.yaml';
import dataMigration from './shipped/data_migration.yaml';
import generalist from './shipped/generalist.yaml';
import testWriter from './shipped/test_writer.yaml';

const shipped: Readonly<Record<string, string>> = {
  generalist,
  code_reviewer: codeReviewer,
  data_migration: dataMigration,
  test_writer: testWriter,
};

interface Layer {
  readonly source: string;
  readonly text: string;
  readonly narrows: boolean;
}

interface FolderParts {
  /** The user's. */
  readonly home: string;
  /** Of trusted workspaces, nearest last; read again for each call. */
  readonly readWorkspaces: () => readonly string[];
}

export class ProfileFolders implements ProfileSource {
  readonly #parts: FolderParts;

  constructor(parts: FolderParts) {
    this.#parts = parts;
  }

  /** Where a user's profile of this id is or would be. @throws RlmError 'INVALID_INPUT' for what is no id. */
  toFile(profileId: string): string {
    if (!profileIdPattern.test(profileId)) {
      throw new RlmError('INVALID_INPUT', `${JSON.stringify(profileId)} is no id of a profile.`, {
        nextStep: 'Take small letters, digits, _ and -, and begin with a letter.',
      });
    }
    return path.join(this.#parts.home, `${profileId}.yaml`);
  }

  async list(): Promise<ProfileList> {
    const layers = await this.#readLayers();
    const profiles: Profile[] = [];
    const broken: ProfileList['broken'][number][] = [];
    for (const id of [...layers.keys()].sort()) {
      try {
        profiles.push(build(id, layers));
      } catch (thrown) {
        broken.push(toBroken(id, layers.get(id) ?? [], toRlmError(thrown).message));
      }
    }
    return { profiles, broken };
  }

  async find(profileId: string): Promise<Profile> {
    return build(profileId, await this.#readLayers());
  }

  async #readLayers(): Promise<ReadonlyMap<string, readonly Layer[]>> {
    const layers = new Map<string, Layer[]>();
    const add = (id: string, layer: Layer): void => {
      layers.set(id, [...(layers.get(id) ?? []), layer]);
    };
    Object.entries(shipped).forEach(([id, text]) =>
      add(id, { source: 'built in', text, narrows: false }),
    );
    const folders = [
      { folder: this.#parts.home, narrows: false },
      ...this.#parts.readWorkspaces().map((folder) => ({
        folder: path.join(folder, '.rlm', 'profiles'),
        narrows: true,
      })),
    ];
    for (const { folder, narrows } of folders) {
      for (const { id, source, text } of await readFiles(folder)) {
        add(id, { source, text, narrows });
      }
    }
    return layers;
  }
}

async function readFiles(
  folder: string,
): Promise<readonly { readonly id: string; readonly source: string; readonly text: string }[]> {
  const names = await readdir(folder).catch(() => []); // mostly there is none
  const files = names
    .map((name) => ({ name, id: name.replace(/\.ya?ml$/u, '') }))
    .filter(({ name, id }) => name !== id && profileIdPattern.test(id))
    .sort((left, right) => left.name.localeCompare(right.name));
  return Promise.all(
    files.map(async ({ name, id }) => {
      const source = path.join(folder, name);
      return { id, source, text: await readFile(source, 'utf8') };
    }),
  );
}

/** @throws RlmError 'PROFILE_NOT_FOUND' | 'INVALID_INPUT' */
function build(id: string, layers: ReadonlyMap<string, readonly Layer[]>): Profile {
  const body = buildBody(id, layers, []);
  const hashed = JSON.stringify({ ...body, sources: [] });
  const hash = createHash('sha256').update(hashed).digest('hex');
  return { ...body, title: body.title || id, hash };
}

function buildBody(
  id: string,
  layers: ReadonlyMap<string, readonly Layer[]>,
  within: readonly string[],
): ProfileBody {
  const own = layers.get(id);
  if (!own) {
    throw notFound(id, [...layers.keys()]);
  }
  if (within.includes(id)) {
    throw new RlmError(
      'INVALID_INPUT',
      `Profiles extend each other in a circle: ${[...within, id].join(', ')}.`,
      {
        nextStep: 'Take out one "extends".',
      },
    );
  }
  const files = own.map((layer) => ({ layer, file: requireProfileFile(layer.text, layer.source) }));
  const start = toStart(id, files, layers, within);
  return files.reduce<ProfileBody>(
    (body, { layer, file }) =>
      layer.narrows ? narrow(body, file, layer.source) : overlay(body, file, layer.source),
    start,
  );
}

/** A workspace's own profile stands on one of the user's: alone it would widen what there is. */
function toStart(
  id: string,
  files: readonly { readonly layer: Layer; readonly file: ProfileFile }[],
  layers: ReadonlyMap<string, readonly Layer[]>,
  within: readonly string[],
): ProfileBody {
  const [first] = files;
  const base = files.map(({ file }) => file.extends).find((one) => one !== undefined && one !== id);
  if (base !== undefined) {
    return { ...buildBody(base, layers, [...within, id]), id };
  }
  if (first?.layer.narrows) {
    throw new RlmError('INVALID_INPUT', `Profile ${first.layer.source} extends no other.`, {
      nextStep: 'Name one of the user’s profiles with "extends": a workspace’s may only narrow.',
    });
  }
  return { ...emptyProfile, id, sources: [] };
}

function toBroken(
  id: string,
  layers: readonly Layer[],
  message: string,
): ProfileList['broken'][number] {
  for (const { source, text } of layers) {
    const parsed = parseProfileFile(text);
    if (parsed.kind === 'broken') {
      return { file: source, line: parsed.faults[0]?.line ?? null, message };
    }
  }
  return { file: layers.at(-1)?.source ?? id, line: null, message };
}

function notFound(id: string, known: readonly string[]): RlmError {
  return new RlmError('PROFILE_NOT_FOUND', `There is no profile ${id.slice(0, 80)}.`, {
    nextStep: `Take one of ${[...known].sort().join(', ')}, or write ${id.slice(0, 80)}.yaml into the profiles folder.`,
  });
}
