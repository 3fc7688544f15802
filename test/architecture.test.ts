// Holds the import table of docs/architecture.md: who may import whom, and that nothing goes in circles.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Folder → folders it may import besides itself. The longest matching folder counts. */
const table: Record<string, readonly string[]> = {
  'src/base': [],
  'src/core': ['src/base'],
  'src/protocol': ['src/base', 'src/core'],
  'src/agents/codex': ['src/base', 'src/core'],
  'src/context': ['src/base', 'src/core'],
  'src/sandbox': ['src/base', 'src/core', 'src/protocol', 'src/sandbox/worker'],
  'src/sandbox/native': [
    'src/base',
    'src/core',
    'src/protocol',
    'src/sandbox',
    'src/sandbox/worker',
  ],
  'src/sandbox/worker': ['src/base', 'src/core', 'src/protocol'],
  'src/models': ['src/base', 'src/core'],
  'src/loop': ['src/base', 'src/core'],
  'src/profiles': ['src/base', 'src/core'],
  'src/agents/workspaces': ['src/base', 'src/core'],
  'src/agents/relay': ['src/base', 'src/core'],
  'src/agents/masking': ['src/base', 'src/core'],
  'src/agents/boxes': ['src/base', 'src/core'],
  'src/store': ['src/base', 'src/core'],
  'src/search': ['src/base', 'src/core'],
  'src/mcp': ['src/base', 'src/core'],
  'src/export': ['src/base', 'src/core'],
  'src/team': ['src/base', 'src/core', 'src/mcp'],
  'src/deploy': ['src/base', 'src/core', 'src/sandbox/native', 'src/store'],
  'src/join': ['src/base', 'src/core', 'src/store', 'src/mcp'],
  'src/cli': ['src/base', 'src/core', 'src/export', 'src/runtime'],
  webview: ['src/base', 'src/core', 'src/protocol', 'src/export'],
  'src/extension': [
    'src/base',
    'src/core',
    'src/protocol',
    'src/models',
    'src/store',
    'src/export',
    'src/runtime',
    'src/systemClock',
  ],
  'src/runtime': [
    'src/base',
    'src/core',
    'src/protocol',
    'src/context',
    'src/sandbox',
    'src/sandbox/native',
    'src/models',
    'src/loop',
    'src/profiles',
    'src/agents/boxes',
    'src/agents/codex',
    'src/agents/masking',
    'src/agents/relay',
    'src/agents/workspaces',
    'src/store',
    'src/search',
    'src/mcp',
    'src/team',
    'src/deploy',
    'src/join',
    'src/export',
    'src/systemClock',
  ],
  'src/systemClock': ['src/base', 'src/core'],
};
/** Packages and modules that a folder must do without. */
const forbidden: Record<string, RegExp> = {
  'src/base': /^(node:|vscode|zod)/,
  'src/core': /^(node:|vscode|zod)/,
  'src/mcp': /^vscode/,
  'src/cli': /^vscode/,
  webview: /^(node:|vscode|zod)/,
};
/** What the webview may take from src must do without Node as well. */
const pureForWebview =
  /^(src\/(base|core|protocol)\/|src\/export\/(exportedTrace|htmlPage|wording)$)/u;
/** Only types cross from a host file to a worker's file: the worker is a bundle of its own. */
const typesOnly = { from: 'src/sandbox', to: 'src/sandbox/worker' };

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const root = process.cwd();
const files = ['src', 'webview']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) =>
      path.posix.join(folder, file.split(path.sep).join('/')),
    ),
  )
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
const imports = files.flatMap(readImports);

function readImports(from: string): Import[] {
  const source = readFileSync(path.join(root, from), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/gu;
  return [...source.matchAll(pattern)].map((match) => ({
    from,
    to: toTarget(from, match[2] ?? match[3] ?? ''),
    isType: match[1] !== undefined,
  }));
}

function toTarget(from: string, specifier: string): string {
  return specifier.startsWith('.')
    ? path.posix.join(path.posix.dirname(from), specifier)
    : specifier;
}

function toFolder(file: string): string | undefined {
  return Object.keys(table)
    .filter((folder) => file === folder || file.startsWith(`${folder}/`) || file === `${folder}.ts`)
    .sort((left, right) => right.length - left.length)[0];
}

describe('architecture', () => {
  it('every source file has its place in the table', () => {
    assert.deepStrictEqual(
      files.filter((file) => toFolder(file) === undefined),
      [],
    );
  });

  it('imports go only along the table', () => {
    const wrong = imports.filter(({ from, to }) => {
      const home = toFolder(from);
      const target = toFolder(to);
      return (
        /^(src|webview)\//u.test(to) &&
        (home === undefined ||
          target === undefined ||
          (home !== target && !table[home]?.includes(target)))
      );
    });
    assert.deepStrictEqual(wrong, []);
  });

  it('folders do without what the table forbids them', () => {
    const wrong = imports.filter(({ from, to }) => {
      const home = toFolder(from);
      return home !== undefined && (forbidden[home]?.test(to) ?? false);
    });
    assert.deepStrictEqual(wrong, []);
  });

  it('only types cross into a worker’s bundle', () => {
    const wrong = imports.filter(
      ({ from, to, isType }) =>
        toFolder(from) === typesOnly.from && toFolder(to) === typesOnly.to && !isType,
    );
    assert.deepStrictEqual(wrong, []);
  });

  it('the webview takes what is pure', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        toFolder(from) === 'webview' && to.includes('src/') && !pureForWebview.test(to),
    );
    assert.deepStrictEqual(wrong, []);
  });

  it('no imports go in circles', () => {
    const byFile = new Map<string, string[]>();
    for (const { from, to, isType } of imports) {
      const file = files.find((one) => one === `${to}.ts` || one === to);
      if (file !== undefined && !isType) {
        byFile.set(from, [...(byFile.get(from) ?? []), file]);
      }
    }
    assert.deepStrictEqual(findCycle(byFile), []);
  });
});

function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(file)) {
      return [...trail.slice(trail.indexOf(file)), file];
    }
    if (done.has(file)) {
      return [];
    }
    done.add(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle.length > 0) {
        return cycle;
      }
    }
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) {
      return cycle;
    }
  }
  return [];
}
