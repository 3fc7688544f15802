// The engines' imports against the list in docs/security.md: a build that can reach more must be looked
// at, and said, before it ships.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

/** The compiler knows WebAssembly only with a browser's library. */
interface ModuleReader {
  new (bytes: Uint8Array): object;
  imports(module: object): readonly { readonly name: string }[];
}

async function readImports(file: string): Promise<readonly string[]> {
  const { Module } = WebAssembly as unknown as { Module: ModuleReader }; // see ModuleReader
  const module = new Module(await readFile(`dist/sandbox/${file}`));
  return Module.imports(module)
    .map(({ name }) => name)
    .sort();
}

/** Every name in code marks before the colon of a list item under `heading`. */
async function readDocumented(heading: string): Promise<readonly string[]> {
  const page = await readFile('docs/security.md', 'utf8');
  const section = page.split(/^#{2,3} /mu).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return section
    .split(/^- /mu)
    .slice(1)
    .map((item) => item.split(':')[0] ?? '')
    .flatMap((names) => [...names.matchAll(/`([^`]+)`/gu)].map(([, name]) => name ?? ''))
    .sort();
}

describe('the engines’ imports', () => {
  for (const [heading, file] of [
    ['Python', 'python.wasm'],
    ['JavaScript', 'quickjs.wasm'],
  ] as const) {
    it(`of ${heading} are those that docs/security.md explains`, async () => {
      const documented = await readDocumented(heading);
      assert.notEqual(documented.length, 0);
      assert.deepStrictEqual(documented, await readImports(file));
    });
  }
});
