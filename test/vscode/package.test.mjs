// What is in the packages for the editor and for npm: everything they need, and nothing else. Run after
// `npm run package`.

/* global before, describe, it */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';

const file = new URL('../../out/rlm-companion.vsix', import.meta.url);
const maxBytes = 12_000_000;
const expected = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/changelog.md',
  'extension/dist/THIRD_PARTY_NOTICES.md',
  'extension/dist/cli.js',
  'extension/dist/detector.js',
  'extension/dist/engine.js',
  'extension/dist/extension.js',
  'extension/dist/models.js',
  'extension/dist/sandbox/javascriptWorker.js',
  'extension/dist/sandbox/nativeProcess.js',
  'extension/dist/sandbox/nodeGuest.js',
  'extension/dist/sandbox/process.js',
  'extension/dist/sandbox/python.glue.js',
  'extension/dist/sandbox/python.wasm',
  'extension/dist/sandbox/python313.zip',
  'extension/dist/sandbox/pythonWorker.js',
  'extension/dist/sandbox/quickjs.wasm',
  'extension/dist/sandbox/searchWorker.js',
  'extension/dist/sandbox/shellWorker.js',
  'extension/dist/searchIndex.js',
  'extension/dist/tar.js',
  'extension/dist/team.js',
  'extension/dist/webview/page.css',
  'extension/dist/webview/viewer.css',
  'extension/dist/webview/viewer.js',
  'extension/dist/yaml.js',
  'extension/l10n/bundle.l10n.json',
  'extension/media/chat/rlm.agent.md',
  'extension/media/chat/rlm.prompt.md',
  'extension/media/chat/skills/rlm/SKILL.md',
  'extension/media/icon.png',
  'extension/media/profile.schema.json',
  'extension/media/rlm-dark.svg',
  'extension/media/rlm-light.svg',
  'extension/media/rlm.svg',
  'extension/media/screenshots/calls.png',
  'extension/media/screenshots/page.png',
  'extension/media/screenshots/session.png',
  'extension/media/walkthrough/ask.svg',
  'extension/media/walkthrough/connect.svg',
  'extension/media/walkthrough/open.svg',
  'extension/media/walkthrough/run.svg',
  'extension/media/walkthrough/trace.svg',
  'extension/package.json',
  'extension/package.nls.json',
  'extension/readme.md',
];

describe('the package of the extension', () => {
  let archive;
  let entries;

  before(async () => {
    archive = await readFile(file);
    entries = readEntries(archive);
  });

  it('holds what it needs and nothing else, in less than 12 MB', () => {
    assert.deepStrictEqual([...entries.keys()].sort(), expected);
    assert.ok(archive.length < maxBytes, `${archive.length} bytes`);
  });

  it('is under the MIT licence, and says whose software it contains', () => {
    const read = (name) => entries.get(`extension/${name}`)().toString('utf8');
    assert.match(read('LICENSE.txt'), /^MIT License/u);
    const notices = read('dist/THIRD_PARTY_NOTICES.md');
    const missing = [
      'CPython 3.13',
      'Emscripten runtime',
      'just-bash',
      '@jitl/quickjs-ng-wasmfile-release-sync',
      '@modelcontextprotocol/sdk',
      'zod',
    ].filter((name) => !notices.includes(`## ${name}`));
    assert.deepStrictEqual(missing, []);
  });

  it('is for npm the built command line tool, with what tells about it', async () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const options = { cwd: new URL('../..', import.meta.url), shell: process.platform === 'win32' };
    const { stdout } = await promisify(execFile)('npm', args, options);
    const [{ files }] = JSON.parse(stdout);
    const built = expected.filter((name) => name.startsWith('extension/dist/'));
    assert.deepStrictEqual(
      files.map((one) => one.path).sort(),
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'package.json',
        ...built.map((name) => name.slice('extension/'.length)),
      ].sort(),
    );
  });

  it('runs its engines unchanged: WebAssembly comes out as it was built', async () => {
    for (const name of ['dist/sandbox/python.wasm', 'dist/sandbox/quickjs.wasm']) {
      const built = await readFile(new URL(`../../${name}`, import.meta.url));
      assert.ok(entries.get(`extension/${name}`)().equals(built), name);
    }
  });
});

/** Names to functions that read them, from a zip's central directory. Source: APPNOTE.TXT 4.3.12, 4.3.16. */
function readEntries(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const found = new Map();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [isDeflated, bytes] = [zip.readUInt16LE(at + 10) === 8, zip.readUInt32LE(at + 20)];
    const lengths = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const name = zip.toString('utf8', at + 46, at + 46 + lengths[0]);
    const header = zip.readUInt32LE(at + 42);
    found.set(name, () => {
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
      const content = zip.subarray(start, start + bytes);
      return isDeflated ? inflateRawSync(content) : content;
    });
    at += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  return found;
}
