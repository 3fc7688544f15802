// 100 MB from a file's path to a usable `context`, beside what the machine needs to read, copy and
// decode as much.

import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Language, languages } from '../../src/core/sandbox';
import type { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { type Bench, type BenchCase, megabyte, noPython } from '../bench';
import { type Figure, toFigure } from '../figure';
import type { Contender } from '../measure';
import { McpServer } from '../mcpServer';
import { NativePython } from '../python';
import { Repl, loadFile, openSandboxes, untilWarm } from '../repls';

const bytes = 100 * megabyte;
/** The system gives memory in pieces of at least this size. */
const pageBytes = 4_096;
const folderFiles = 10_000;
const names: Readonly<Record<Language, string>> = { python: 'Python', javascript: 'JavaScript' };
const none = { missing: 'not in a quick run' };

export const load: BenchCase = {
  name: 'load',
  title: 'A file of 100 MB, from its path to a usable `context`',
  async run(bench) {
    const file = await bench.file(bytes);
    const wideFile = await bench.file(bytes, { isWide: true });
    const folder = bench.isQuick ? null : await createFolder(bench);
    const sandboxes = openSandboxes(bench);
    for (const language of languages) {
      (await Repl.open(sandboxes, { language })).sandbox.dispose();
    }
    const result = await bench.race(
      [
        ...languages.flatMap((language) => [
          createLoad(sandboxes, language, { name: language, file }),
          ...(bench.isQuick
            ? []
            : [createLoad(sandboxes, language, { name: `${language} wide`, file: wideFile })]),
          ...(folder === null
            ? []
            : [createLoad(sandboxes, language, { name: `${language} folder`, file: folder })]),
        ]),
        ...createMcpLoads(bench, file),
        ...createFloors(file),
        ...createNative(bench, file),
      ],
      { rounds: bench.pick(7, 2), budgetMs: bench.pick(12_000, 1_000) },
    );
    const target = { atMost: 600 };
    const find = (name: string) => result.spread(name) ?? none;
    return [
      ...languages.flatMap((language): Figure[] => [
        toFigure(`${names[language]}: sandbox port`, find(language), { target }),
        toFigure(`${names[language]}: MCP over stdio, session included`, find(`mcp ${language}`), {
          target,
        }),
        toFigure(`${names[language]}: sandbox port, not ASCII`, find(`${language} wide`)),
        toFigure(
          `${names[language]}: sandbox port, a folder of 10,000 files of 10 KB`,
          find(`${language} folder`),
        ),
      ]),
      toFigure('floor: read the file', find('read')),
      toFigure('floor: copy', find('copy')),
      toFigure('floor: decode UTF-8', find('decode')),
      toFigure('floor: touch new memory', find('touch')),
      toFigure('native Python: open(…).read()', bench.python ? find('native') : noPython),
    ];
  },
};

/** The same bytes in many files. */
async function createFolder(bench: Bench): Promise<string> {
  const content = readFileSync(await bench.file(bytes)).subarray(0, bytes / folderFiles);
  const folder = path.join(bench.folder, 'many');
  await mkdir(folder);
  for (let number = 0; number < folderFiles; number += 1) {
    await writeFile(path.join(folder, `${number}.log`), content);
  }
  return folder;
}

/** Into a new sandbox each time: memory that an interpreter has taken stays taken. */
function createLoad(
  sandboxes: SandboxProcess,
  language: Language,
  { name, file }: { readonly name: string; readonly file: string },
): Contender {
  let repl: Repl | undefined;
  return {
    name,
    prepare: async () => {
      repl = await Repl.open(sandboxes, { language });
      await untilWarm(sandboxes);
    },
    run: async () => repl && loadFile(repl, file),
    cleanUp: async () => repl?.sandbox.dispose(),
  };
}

/** Into a new engine each time: an engine keeps its sessions. */
function createMcpLoads(bench: Bench, file: string): Contender[] {
  return languages.map((language) => {
    let server: McpServer | undefined;
    return {
      name: `mcp ${language}`,
      prepare: async () => {
        server = await McpServer.startStdio(bench);
        for (const started of languages) {
          await server.open(started, { context_text: 'x' });
        }
        await server.untilWarm();
      },
      run: async () => server?.open(language, { context_paths: [file] }),
      cleanUp: async () => server?.close(),
    };
  });
}

function createFloors(file: string): Contender[] {
  const content = readFileSync(file);
  const copy = new Uint8Array(new SharedArrayBuffer(content.length));
  return [
    { name: 'read', run: async () => readFileSync(file), warmUps: 1 },
    { name: 'copy', run: async () => copy.set(content), warmUps: 1 },
    { name: 'touch', run: async () => touch(new Uint8Array(new SharedArrayBuffer(bytes))) },
    { name: 'decode', run: async () => new TextDecoder().decode(content), warmUps: 1 },
  ];
}

function touch(memory: Uint8Array): void {
  for (let at = 0; at < memory.length; at += pageBytes) {
    memory[at] = 1;
  }
}

function createNative(bench: Bench, file: string): Contender[] {
  if (!bench.python) {
    return [];
  }
  const native = bench.store.add(new NativePython(bench.python));
  return [{ name: 'native', run: () => native.load(file), warmUps: 1 }];
}
