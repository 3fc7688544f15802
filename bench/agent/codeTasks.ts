// Questions over a source tree of several hundred files.

import type { Random } from '../../test/support/random';
import type { AgentTask } from './task';

const verbs = ['load', 'parse', 'merge', 'render', 'check', 'store', 'send', 'index'] as const;
const nouns = ['user', 'order', 'invoice', 'page', 'query', 'token', 'image', 'report'] as const;
const folders = ['core', 'web', 'jobs', 'tools', 'billing'] as const;

interface Tree {
  readonly files: Record<string, string>;
  /** Path of each, in order. */
  readonly paths: readonly string[];
}

/** Modules of about 2,500 characters, each with four functions that call earlier ones. */
function createTree(count: number, random: Random): Tree {
  const files: Record<string, string> = {};
  const known: string[] = ['print'];
  for (let index = 0; index < count; index += 1) {
    const name = `${random.pick(nouns)}_${index}`;
    const body = Array.from({ length: 4 }, (_, at) => {
      const own = `${random.pick(verbs)}_${name}_${at}`;
      const called = known[random.nextInt(known.length)] ?? 'print';
      known.push(own);
      return `def ${own}(value, *, limit=${random.nextInt(500)}):\n    """${own.replaceAll('_', ' ')}: ${'keeps the order of what it is given and says what it left out. '.repeat(5)}"""\n    result = ${called}(value)\n    if result is None:\n        raise ValueError('no ${name} for ' + repr(value))\n    return result\n`;
    });
    files[`${random.pick(folders)}/${name}.py`] =
      `import logging\n\nlog = logging.getLogger(__name__)\n\n\n${body.join('\n\n')}`;
  }
  return { files, paths: Object.keys(files) };
}

function pickPath({ paths }: Tree, random: Random): string {
  return paths[random.nextInt(paths.length)] ?? '';
}

const whereDefined: AgentTask = {
  name: 'where a function is defined',
  create: (random) => {
    const tree = createTree(400, random);
    const file = pickPath(tree, random);
    tree.files[file] += '\n\ndef reconcile_ledger(entries):\n    return sorted(entries)\n';
    const line =
      (tree.files[file] ?? '').split('\n').findIndex((one) => one.startsWith('def reconcile')) + 1;
    return {
      files: tree.files,
      looks: [],
      work: "m = grep(r'^def reconcile_ledger\\b')[0]",
      answer: "f'{m.path}:{m.line}'",
      right: `data/${file}:${line}`,
    };
  },
};

const callers: AgentTask = {
  name: 'files that call what is deprecated',
  create: (random) => {
    const tree = createTree(500, random);
    const calling = new Set(Array.from({ length: 23 }, () => pickPath(tree, random)));
    for (const file of calling) {
      tree.files[file] += '\n\ndef old(value):\n    return legacy_send(value, retries=2)\n';
    }
    tree.files[pickPath(tree, random)] += '\n\n# legacy_send(value) was here\n';
    return {
      files: tree.files,
      looks: [
        "print(count('legacy_send'))\nhits = grep('legacy_send', max_matches=6)\nprint(hits)\naround(hits[0], 2)",
      ],
      work: String.raw`files = count(r'^[^#\n]*\blegacy_send\(', by='path')`,
      answer: 'sum(n > 0 for n in files.values())',
      right: String(calling.size),
    };
  },
};

const neverCalled: AgentTask = {
  name: 'functions that nothing calls',
  create: (random) => {
    const tree = createTree(300, random);
    const text = Object.values(tree.files).join('\n');
    const defined = [...text.matchAll(/^def (\w+)/gmu)].map(([, name = '']) => name);
    const called = new Set([...text.matchAll(/= (\w+)\(value\)/gu)].map(([, name = '']) => name));
    return {
      files: tree.files,
      looks: [
        'print(len(context))\nhead(14, next(iter(context)))',
        String.raw`import re
defined = {m.group(1): p for p, t in context.items() for m in re.finditer(r'^def (\w+)', t, re.M)}
used = {n for t in context.values() for n in re.findall(r'(?<!def )\b(\w+)\(', t)}
print(len(defined), len(used))`,
      ],
      work: 'dead = [n for n in defined if n not in used]',
      answer: 'len(dead)',
      right: String(defined.filter((name) => !called.has(name)).length),
    };
  },
};

const overridden: AgentTask = {
  name: 'the limit that holds',
  create: (random) => {
    const tree = createTree(400, random);
    const files = ['settings/base.py', 'settings/production.py', 'settings/local.py'];
    const values = files.map(() => 100 + random.nextInt(9_000));
    for (const [index, file] of files.entries()) {
      tree.files[file] =
        `# ${file}\n${index > 0 ? 'from .base import *\n' : ''}MAX_UPLOAD_KB = ${values[index]}\nDEBUG = ${index === 2 ? 'True' : 'False'}\n`;
    }
    return {
      files: tree.files,
      looks: ["grep('MAX_UPLOAD', max_matches=10)"],
      work: '',
      answer: String.raw`grep(r'^MAX_UPLOAD_KB = (\d+)', path='data/settings/production.py')[0].line_text.split(' = ')[1]`,
      right: String(values[1]),
    };
  },
};

const importCycle: AgentTask = {
  name: 'modules of an import cycle',
  create: (random) => {
    const tree = createTree(300, random);
    const cycle = [...new Set(Array.from({ length: 5 }, () => pickPath(tree, random)))];
    const toModule = (file: string): string => file.replace('.py', '').replace('/', '.');
    for (const [index, file] of cycle.entries()) {
      const next = cycle[(index + 1) % cycle.length] ?? '';
      tree.files[file] = `from ${toModule(next)} import log as other_log\n${tree.files[file]}`;
    }
    return {
      files: tree.files,
      looks: [
        String.raw`print(count(r'^from \w+\.\w+ import'))
grep(r'^from \w+\.\w+ import', max_matches=3)`,
      ],
      work: String.raw`edges = {m.path[5:-3].replace('/', '.'): m.line_text.split()[1] for m in grep(r'^from \w+\.\w+ import', max_matches=None)}
def walk(a):
    seen = []
    while a in edges and a not in seen:
        seen.append(a); a = edges[a]
    return seen[seen.index(a):] if a in seen else []
cycle = max((walk(a) for a in edges), key=len)`,
      answer: 'len(cycle)',
      right: String(cycle.length),
    };
  },
};

export const codeTasks: readonly AgentTask[] = [
  whereDefined,
  callers,
  neverCalled,
  overridden,
  importCycle,
];
