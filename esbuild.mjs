// Builds every entry, copies the sandbox engines (checked and patched), and holds size budgets.
// node esbuild.mjs [--watch | --tests | --bench]

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { createNotices } from './scripts/thirdPartyNotices.mjs';

const require = createRequire(import.meta.url);
const isWatch = process.argv.includes('--watch');

const shared = {
  bundle: true,
  minify: !isWatch,
  sourcemap: isWatch,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  loader: { '.py': 'text', '.md': 'text', '.txt': 'text', '.yaml': 'text' },
};
const node = {
  ...shared,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Its ESM build, which a bundler prefers, needs import.meta and fails inside CommonJS.
  // jsonc-parser's main module asks for its parts in a way that no bundler sees.
  alias: {
    fdir: createRequire(require.resolve('tinyglobby')).resolve('fdir'),
    'jsonc-parser': require.resolve('jsonc-parser/lib/esm/main.js'),
  },
};

const runtimeBundle = './engine.js';
const modelClientsBundle = './models.js';

/** The extension loads the engine as a bundle of its own, and only when something needs it. */
const engineApart = {
  name: 'engine-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/runtime$/ }, () => ({ path: runtimeBundle, external: true }));
  },
};

/** So are packages that only a server for a team needs, and those for backups. */
const librariesApart = {
  name: 'libraries-apart',
  setup({ onResolve }) {
    const bundles = { './libraries': './team.js', './tarLibrary': './tar.js' };
    onResolve({ filter: /^\.\/(libraries|tarLibrary)$/ }, ({ path: asked, kind }) =>
      kind === 'dynamic-import' ? { path: bundles[asked], external: true } : undefined,
    );
  },
};

/** So is the package for YAML, which only files of kubectl's need; `bundle` is seen from who asks for it. */
const yamlApart = (bundle) => ({
  name: 'yaml-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/yamlLibrary$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: bundle, external: true } : undefined,
    );
  },
});

/** The providers' clients are a bundle of their own, loaded when the first model is asked. */
const modelClientsApart = {
  name: 'model-clients-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/models\/httpClients$/ }, () => ({
      path: modelClientsBundle,
      external: true,
    }));
  },
};

const shellEngine = {
  file: fileURLToPath(new URL('node_modules/just-bash/dist/bundle/browser.js', import.meta.url)),
  sha256: '6390563a926e5018d5bc2e8b824ae1b13b87bdd3ed31857bacef31b3c100f224',
  hooks: fileURLToPath(new URL('src/sandbox/worker/shell/engineHooks.ts', import.meta.url)),
};

/**
 * What of the shell's engine is wrong without a word, replaced by calls of engineHooks.ts: arithmetic in doubles and 32
 * bits, bytes that are not UTF-8 taken for Latin-1, output decoded a second time, `set -e` in functions that are tested,
 * the status of a loop that was left, a redirection that cannot be opened, options that reach a shell's parent, input that a
 * group shares, sets of patterns, the case of letters. How often each is there, where it is not once.
 */
const shellPatches = [
  [
    /(\{visited:new Set,depth:0\}\}function \w+\((\w+),(\w+),(\w+)\)\{)(switch\(\4\)\{case"\+")/,
    '$1const done=hooks.calculate($2,$3,$4);if(done!==void 0)return done;$5',
  ],
  [
    /(function \w+\((\w+),(\w+),(\w+)\)\{)(switch\(\4\)\{case"=":return \3;case"\+=":)/,
    '$1const done=hooks.calculate($2,$3,$4);if(done!==void 0)return done;$5',
  ],
  [
    /(try\{return \w+\.decode\(\w+\)\}catch\{return )(\w+)(\}\}function \w+\(\w+,\w+=\w+\)\{if\(!\w+\)return \w+;)/,
    '$1hooks.decodeNoting($2)$3',
  ],
  [/(\w+)\.stdout=([\w$]+)\(\1\.stdout\),\1\.stderr=\2\(\1\.stderr\),\1/, '$1'],
  [
    /(for\(let (\w+)=0;\2<(\w+)\.pipelines\.length;\2\+\+\)\{let (\w+)=\3\.pipelines\[\2\],[^{}]*?let \w+=)await this\.executePipeline\(\4\);/,
    '$1await hooks.runTested(this.ctx.state,$2<$3.pipelines.length-1||$4.negated,()=>this.executePipeline($4));',
  ],
  [
    /,(\w+)=\w+\.exitCode\}\}catch\((\w+)\)\{let (\w+)=\w+\(\2,(\w+)\.stdout,\4\.stderr,e\.state\.loopDepth\);if\(\4\.replace\(\3\.stdout,\3\.stderr\),/g,
    '$&/^(?:break|continue)$/.test($3.action)&&($1=0),',
    4,
  ],
  [/catch\((\w+)\)\{if\(!\w+\)throw \1;return\{error:/, 'catch($1){return{error:'],
  [
    /options:\{\.\.\.this\.state\.options\},hashTable:/,
    'options:hooks.toFreshOptions(this.state.options),shoptOptions:hooks.toFreshOptions(this.state.shoptOptions),hashTable:',
  ],
  [
    /let (\w+)=(\w+)\|\|(\w+)\.state\.groupStdin\|\|"",/,
    'let $1=$2||hooks.shareInput($2,$3.state.groupStdin)||"",',
  ],
  [
    /return\{\.\.\.(\w+),internalStdinConsumed:\1\.internalStdinConsumed\?\?\(\w+\?(\w+)\.length:0\)\}/,
    'if($1.internalStdinConsumed>0&&!$2&&i.state.groupStdin){i.state.groupStdin=i.state.groupStdin.slice($1.internalStdinConsumed);i.state.groupStdinSourceFd!==void 0&&cs(i,i.state.groupStdinSourceFd,$1.internalStdinConsumed)}$&',
  ],
  [
    /=await this\.runCommand\((\w+),(\w+,\w+,\w+,!1,!1,\w+,(\w+))\)/,
    '=await this.runCommand((hooks.noteRedirection($3),$1),$2)',
  ],
  [
    /(else if\(y\.operator==="<"\)\{let \w+=e\.fs\.resolvePath\(e\.state\.cwd,\w+\);try\{)(\w+=await \w+\(e\.fs,\w+\),)/,
    '$1hooks.noteFileInput();$2',
  ],
  [
    /let (\w+)=e\.indexOf\("\]",r\+1\);\1!==-1\?\(n\+=e\.slice\(r,\1\+1\),r=\1\):n\+="\\\\\["\}else\/\[\\\\\^\$\.\|\+\(\)\{\}\]\//,
    'let $1=hooks.readPatternSet(e,r);$1?(n+=$1.source,r=$1.end):n+="\\\\["}else/[\\\\^$.|+(){}]/',
  ],
  [
    /(e\.coverage\?\.hit\("bash:expansion:length"\);)/,
    '$1if(t==="@"||t==="*")return e.state.env.get("#")||"0";',
  ],
  [
    /let (\w+)=await e\.executeScript\(t\.body\),(\w+)=\1\.exitCode/,
    'let $1=await hooks.runSubstituted(e.state,()=>e.executeScript(t.body)),$2=$1.exitCode',
  ],
  [
    /(\w)\.stdout\.replace\(\/\\n\+\$\/,""\)/g,
    '$1.stdout.replace(/\\0+/g,"").replace(/\\n+$/,"")',
    5,
  ],
  [
    /(let (\w)=(\w)==="bytes"\?(\w)\.length:_\(\4\);)\(!Number\.isSafeInteger\((\w)\)/,
    '$1$5=Math.min($5,$2);(!Number.isSafeInteger($5)',
  ],
  [/let A=x\+S;A!==""/, 'let A=x+(d==="binary"?hooks.toByteText(S):S);A!==""'],
  [/\?f=>f\.toUpperCase\(\):f=>f\.toLowerCase\(\)/, '?hooks.toUpper:hooks.toLower'],
  [
    /n\.all\?t\.toUpperCase\(\):t\.charAt\(0\)\.toUpperCase\(\)\+t\.slice\(1\):n\.all\?t\.toLowerCase\(\):t\.charAt\(0\)\.toLowerCase\(\)\+t\.slice\(1\)/,
    'n.all?hooks.toUpper(t):hooks.toUpperFirst(t):n.all?hooks.toLower(t):hooks.toLowerFirst(t)',
  ],
  [
    /case"u":return n\.charAt\(0\)\.toUpperCase\(\)\+n\.slice\(1\);case"U":return n\.toUpperCase\(\);case"L":return n\.toLowerCase\(\)/,
    'case"u":return hooks.toUpperFirst(n);case"U":return hooks.toUpper(n);case"L":return hooks.toLower(n)',
  ],
  [
    /case"u":p=d\.charAt\(0\)\.toUpperCase\(\)\+d\.slice\(1\);break;case"U":p=d\.toUpperCase\(\);break;case"L":p=d\.toLowerCase\(\)/,
    'case"u":p=hooks.toUpperFirst(d);break;case"U":p=hooks.toUpper(d);break;case"L":p=hooks.toLower(d)',
  ],
  [
    /\?n\.toLowerCase\(\):(\w+\(e,t\))\?n\.toUpperCase\(\):n\}/,
    '?hooks.toLower(n):$1?hooks.toUpper(n):n}',
  ],
];

/** The packages of commands that this shell does not have are left out, and so is what unpacks. */
const shellApart = {
  name: 'shell-apart',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /just-bash[\\/]dist[\\/]bundle[\\/]browser\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      const sha256 = createHash('sha256').update(source).digest('hex');
      if (sha256 !== shellEngine.sha256) {
        throw new Error(
          `just-bash is not the pinned build: SHA-256 ${sha256}. Review it, then change esbuild.mjs.`,
        );
      }
      const patched = shellPatches.reduce((text, [pattern, replacement, count = 1]) => {
        if (text.match(new RegExp(pattern, 'g'))?.length !== count) {
          throw new Error(`just-bash: ${pattern} is not there ${count} time(s)`);
        }
        return text.replace(pattern, replacement);
      }, source);
      const contents = `import * as hooks from ${JSON.stringify(shellEngine.hooks)};\n${patched}`;
      return { contents, loader: 'js' };
    });
    onResolve({ filter: /^(turndown|diff|node:zlib)$/ }, ({ path: name }) => ({
      path: name,
      namespace: 'left-out',
    }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents:
        'const leftOut = () => { throw new Error("left out"); };\n' +
        'export default leftOut; export { leftOut as constants, leftOut as gunzipSync, leftOut as gzipSync };',
      loader: 'js',
    }));
  },
};

// Budgets in bytes, minified. Source: measured sizes plus about a quarter.
const entries = [
  {
    ...node,
    entryPoints: ['src/extension/extension.ts'],
    outfile: 'dist/extension.js',
    external: ['vscode'],
    plugins: [engineApart],
    supported: { 'dynamic-import': false },
    budget: 330_000,
  },
  {
    ...shared,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    entryPoints: ['webview/main.ts'],
    outfile: 'dist/webview/viewer.js',
    budget: 650_000,
  },
  {
    ...shared,
    entryPoints: ['webview/style/page.css'],
    outfile: 'dist/webview/page.css',
    budget: 20_000,
  },
  {
    ...node,
    entryPoints: ['src/runtime.ts'],
    outfile: 'dist/engine.js',
    plugins: [modelClientsApart, librariesApart, yamlApart('./yaml.js')],
    supported: { 'dynamic-import': false },
    budget: 1_900_000,
  },
  {
    ...node,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli.js',
    banner: { js: '#!/usr/bin/env node' },
    plugins: [modelClientsApart, librariesApart, yamlApart('./yaml.js')],
    supported: { 'dynamic-import': false },
    budget: 2_100_000,
  },
  {
    ...node,
    entryPoints: ['src/models/httpClients.ts'],
    outfile: 'dist/models.js',
    budget: 350_000,
  },
  {
    ...node,
    entryPoints: ['src/team/libraries.ts'],
    outfile: 'dist/team.js',
    budget: 110_000,
  },
  {
    ...node,
    entryPoints: ['src/store/tarLibrary.ts'],
    outfile: 'dist/tar.js',
    budget: 60_000,
  },
  {
    ...node,
    entryPoints: ['src/sandbox/native/kubernetes/yamlLibrary.ts'],
    outfile: 'dist/yaml.js',
    budget: 145_000,
  },
  {
    ...node,
    entryPoints: ['src/context/detectorWorker.ts'],
    outfile: 'dist/detector.js',
    budget: 2_000_000,
  },
  {
    ...node,
    entryPoints: ['src/search/indexWorker.ts'],
    outfile: 'dist/searchIndex.js',
    budget: 200_000,
  },
  {
    ...node,
    entryPoints: ['src/sandbox/process.ts'],
    outfile: 'dist/sandbox/process.js',
    budget: 200_000,
  },
  {
    ...node,
    entryPoints: ['src/sandbox/native/process.ts'],
    outfile: 'dist/sandbox/nativeProcess.js',
    plugins: [yamlApart('../yaml.js')],
    supported: { 'dynamic-import': false },
    budget: 540_000,
  },
  {
    // Text for the Node of a place, whichever that is: it is run as the body of a function.
    ...node,
    target: 'node18',
    entryPoints: ['src/sandbox/native/node/nodeGuest.ts'],
    outfile: 'dist/sandbox/nodeGuest.js',
    budget: 400_000,
  },
  {
    ...node,
    entryPoints: ['src/sandbox/worker/pythonWorker.ts'],
    outfile: 'dist/sandbox/pythonWorker.js',
    budget: 240_000,
  },
  {
    ...node,
    entryPoints: ['src/sandbox/worker/javascriptWorker.ts'],
    outfile: 'dist/sandbox/javascriptWorker.js',
    budget: 410_000,
  },
  {
    ...node,
    entryPoints: ['src/sandbox/worker/searchWorker.ts'],
    outfile: 'dist/sandbox/searchWorker.js',
    budget: 80_000,
  },
  {
    ...node,
    entryPoints: ['src/sandbox/worker/shell/shellWorker.ts'],
    outfile: 'dist/sandbox/shellWorker.js',
    plugins: [shellApart],
    budget: 1_700_000,
  },
];

// The engines inside the packages, by the SHA-256 of the pinned versions.
const pythonFolder = fileURLToPath(
  new URL('node_modules/just-bash/vendor/cpython-emscripten', import.meta.url),
);
const engines = [
  {
    from: path.join(pythonFolder, 'python.wasm'),
    to: 'python.wasm',
    sha256: 'b2b1a3f18a6fe035d609e3aa47e9508b55729e5f3ebbd2a40d467c0cd3200eee',
    patch: raiseMemoryMaximum,
  },
  {
    from: path.join(pythonFolder, 'python.cjs'),
    to: 'python.glue.js',
    sha256: 'b45f414d674fafeeefbd72b544bf7e5079f230f424371e462bd748eb5f82ec42',
    patch: raiseHeapMaximum,
  },
  {
    from: path.join(pythonFolder, 'python313.zip'),
    to: 'python313.zip',
    sha256: '00b6fb26ce2157860ce0eaae6849ea2b673f32ca06456503176e8d1fe8be4915',
  },
  {
    from: require.resolve('@jitl/quickjs-ng-wasmfile-release-sync/wasm'),
    to: 'quickjs.wasm',
    sha256: 'b56fe5094b8751c47b8c32fb5ed4d75afe2dbb43412d3d983ac5d1156af456da',
  },
];

const wasmPageBytes = 65_536;
const stockPages = 8_192;
const raisedPages = 32_768;

/** The stock build stops at 512 MiB; each sandbox sets its own lower cap when it grows. */
function raiseMemoryMaximum(bytes) {
  const memorySectionId = 5;
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at];
    const size = readLeb(bytes, at + 1);
    if (id === memorySectionId) {
      const flags = size.next + 1;
      const minimum = readLeb(bytes, flags + 1);
      const maximum = readLeb(bytes, minimum.next);
      if (bytes[flags] !== 1 || maximum.value !== stockPages) {
        throw new Error(`python.wasm: unexpected memory maximum ${maximum.value}`);
      }
      const encoded = writeLeb(raisedPages);
      const sizeChange = encoded.length - (maximum.next - minimum.next);
      return Buffer.concat([
        bytes.subarray(0, at + 1),
        writeLeb(size.value + sizeChange),
        bytes.subarray(size.next, minimum.next),
        encoded,
        bytes.subarray(maximum.next),
      ]);
    }
    at = size.next + size.value;
  }
  throw new Error('python.wasm: no memory section');
}

function raiseHeapMaximum(bytes) {
  const stock = `getHeapMax=()=>${stockPages * wasmPageBytes}`;
  const glue = bytes.toString('utf8');
  if (!glue.includes(stock)) {
    throw new Error('python.cjs: no heap maximum');
  }
  return Buffer.from(glue.replace(stock, `getHeapMax=()=>${raisedPages * wasmPageBytes}`));
}

function readLeb(bytes, start) {
  let value = 0;
  let shift = 0;
  for (let at = start; ; at += 1) {
    value += (bytes[at] & 0x7f) * 2 ** shift;
    shift += 7;
    if ((bytes[at] & 0x80) === 0) {
      return { value, next: at + 1 };
    }
  }
}

function writeLeb(value) {
  const out = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) {
      out.push(rest);
      return Buffer.from(out);
    }
    out.push((rest & 0x7f) | 0x80);
  }
}

async function copyEngines() {
  await mkdir('dist/sandbox', { recursive: true });
  for (const engine of engines) {
    const bytes = await readFile(engine.from);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== engine.sha256) {
      throw new Error(
        `${engine.to} is not the pinned build: SHA-256 ${sha256}, expected ${engine.sha256}. ` +
          'Check the package version, review the new build, then change esbuild.mjs.',
      );
    }
    await writeFile(path.join('dist/sandbox', engine.to), engine.patch?.(bytes) ?? bytes);
  }
}

/** Tests and benches: one bundle a file, packages left outside, to out/<folder>. */
async function buildScripts(folder) {
  const files = (await readdir(folder, { recursive: true }))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => path.join(folder, file));
  await rm(path.join('out', folder), { recursive: true, force: true });
  await esbuild.build({
    ...node,
    minify: false,
    sourcemap: 'inline',
    entryPoints: files,
    outdir: path.join('out', folder),
    outbase: folder,
    outExtension: { '.js': '.cjs' },
    packages: 'external',
  });
}

function checkBudget(entry, result) {
  const bytes = Object.values(result.metafile.outputs).reduce((sum, out) => sum + out.bytes, 0);
  if (!isWatch && bytes > entry.budget) {
    throw new Error(`${entry.outfile}: ${bytes} bytes is over its budget of ${entry.budget}.`);
  }
}

/** Packages whose files are copied rather than bundled. */
const copiedPackages = ['just-bash', '@jitl/quickjs-ng-wasmfile-release-sync'];

async function buildAll() {
  await rm('dist', { recursive: true, force: true });
  await copyEngines();
  const inputs = await Promise.all(entries.map(buildEntry));
  if (!isWatch) {
    const notices = await createNotices(inputs.flat(), copiedPackages);
    await writeFile('dist/THIRD_PARTY_NOTICES.md', notices);
  }
}

/** Settles with the files of which something went into the bundle. */
async function buildEntry(entry) {
  const { budget, ...options } = entry;
  if (isWatch) {
    await (await esbuild.context(options)).watch();
    return [];
  }
  const result = await esbuild.build(options);
  checkBudget({ ...options, budget }, result);
  return Object.values(result.metafile.outputs).flatMap((output) =>
    Object.keys(output.inputs).filter((file) => output.inputs[file].bytesInOutput > 0),
  );
}

if (process.argv.includes('--tests')) {
  await buildScripts('test');
} else if (process.argv.includes('--bench')) {
  await buildScripts('bench');
} else {
  await buildAll();
}
