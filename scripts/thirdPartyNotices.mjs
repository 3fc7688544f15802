// The licences of everything that a build contains, found by what its bundles were made from.

import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const licences = fileURLToPath(new URL('licences', import.meta.url));

/** Inside the WebAssembly engines, which come without a package of their own. */
const vendored = [
  { name: 'CPython 3.13', licence: 'PSF-2.0', file: 'cpython.txt' },
  { name: 'Emscripten runtime', licence: 'MIT', file: 'emscripten.txt' },
];

/** Packages that say their licence and leave its text out. */
const withoutText = /^@microsoft\/fast-/u;

/**
 * `inputs`: paths of the files that went into the bundles; `copied`: packages whose files were copied.
 * Throws when a package has no licence text.
 */
export async function createNotices(inputs, copied) {
  const folders = new Set(copied.map((name) => path.join('node_modules', name)));
  for (const input of inputs) {
    const folder = findPackageFolder(input);
    if (folder) {
      folders.add(folder);
    }
  }
  const packages = await Promise.all([...folders].map(readPackage));
  const engines = await Promise.all(
    vendored.map(async ({ file, ...rest }) => ({
      ...rest,
      text: await readFile(path.join(licences, file), 'utf8'),
    })),
  );
  const parts = [...packages, ...engines]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(
      ({ name, licence, text }) => `## ${name}\n\n${licence}\n\n\`\`\`text\n${text.trim()}\n\`\`\``,
    );
  const head =
    '# Third-party notices\n\nRLM Companion contains the following software, under the licences given with each.';
  return `${[head, ...parts].join('\n\n')}\n`;
}

/** `node_modules/a/node_modules/@b/c/index.js` → `node_modules/a/node_modules/@b/c`. */
function findPackageFolder(input) {
  const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(input) ?? [];
  return folder;
}

async function readPackage(folder) {
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  return {
    name: `${manifest.name} ${manifest.version}`,
    licence: String(manifest.license),
    text: await readFile(await findLicence(folder, manifest.name), 'utf8'),
  };
}

async function findLicence(folder, name) {
  const file = (await readdir(folder)).find((one) => /^(licen[cs]e|copying)(\.|-|$)/iu.test(one));
  if (file) {
    return path.join(folder, file);
  }
  if (withoutText.test(name)) {
    return path.join(licences, 'fast.txt');
  }
  throw new Error(`${name} has no licence text: add one to scripts/licences.`);
}
