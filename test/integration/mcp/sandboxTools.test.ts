// The sandbox tools through a real client, on every backend that has files and a shell.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { parseBackendSettings } from '../../../src/core/backendSettings';
import { createEngine } from '../../../src/runtime';
import { describePython, itIn, nativeBackends, testImage } from '../../support/backends';
import { startEngine, transports } from '../../support/engineProcess';
import { callError, callOk, callTool, connectClient } from '../../support/mcpClient';
import { sandboxFolder } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

type Json = Record<string, unknown>;

function toHash(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function startOver(folder: string, backend: string) {
  const engine = await createEngine({
    home: path.join(folder, 'home'),
    roots: [path.join(folder, 'root')],
    baseFolder: path.join(folder, 'root'),
    readDownloadFolder: () => path.join(folder, 'out'),
    log: () => undefined,
    sandboxFolder,
    backends: async () =>
      parseBackendSettings(
        {},
        { backend, ...(backend === 'container' ? { image: testImage } : {}) },
      ),
  });
  return { engine, client: await connectClient(engine) };
}

describePython(
  'the sandbox tools',
  function (backend) {
    this.timeout(60_000);
    const folder = useTempFolder();
    let engine: Awaited<ReturnType<typeof createEngine>>;
    let client: Client;
    beforeEach(async () => {
      for (const name of ['root', 'out']) {
        await mkdir(path.join(folder(), name));
      }
      ({ engine, client } = await startOver(folder(), backend));
    });
    afterEach(async () => {
      await client.close();
      await engine.close();
    });
    const itNative = itIn(nativeBackends, backend);
    const call = (name: string, args: Json = {}): Promise<Json> => callOk(client, name, args);
    const fail = async (name: string, args: Json): Promise<string> =>
      (await callError(client, name, args)).code;
    const readTrace = async (session_id: unknown): Promise<readonly Json[]> => {
      const { events } = await call('rlm_get_trace', { session_id, detail: 'full' });
      return events as Json[]; // by the tool's schema
    };

    it('run code once in a fresh sandbox, which leaves its trace and nothing else', async () => {
      const first = await call('sandbox_exec', { code: 'x = 6 * 7\nx' });
      assert.equal(first['result'], '42');
      const second = await call('sandbox_exec', { code: 'x' });
      assert.equal((second['error'] as Json)['type'], 'NameError');
      const { sessions } = await call('rlm_list_sessions');
      assert.deepStrictEqual(
        (sessions as Json[]).map(({ status }) => status),
        ['closed', 'closed'],
      );
    });

    it('keep variables and files of one scratch session for each connection', async () => {
      const one = await call('sandbox_exec_stateful', { code: 'x = 1' });
      await call('sandbox_upload', { path: 'a.txt', content: 'abc' });
      const code = 'x, open("a.txt").read()';
      const two = await call('sandbox_exec_stateful', { code });
      assert.deepStrictEqual([two['result'], two['sandbox_id']], ["(1, 'abc')", one['sandbox_id']]);
      const other = await connectClient(engine);
      const listed = await callOk(other, 'sandbox_files');
      assert.deepStrictEqual(listed['entries'], []);
      assert.notEqual(listed['sandbox_id'], one['sandbox_id']);
      await other.close();
    });

    it('take files in and out as text, as base64 and by host paths, and record size and hash', async () => {
      const bytes = randomBytes(3_000_000);
      await writeFile(path.join(folder(), 'root', 'in.bin'), bytes);
      const up = await call('sandbox_upload', { path: 'd/in.bin', source_path: 'in.bin' });
      const text = await call('sandbox_upload', { path: 't.txt', content: 'é\ud800' });
      assert.deepStrictEqual([text['bytes'], text['replaced_surrogates']], [5, 1]);
      assert.deepStrictEqual([up['bytes'], up['sha256']], [bytes.length, toHash(bytes)]);
      const down = await call('sandbox_download', { path: 'd/in.bin', target_path: 'x/out.bin' });
      assert.equal(down['sha256'], up['sha256']);
      const target = path.join(folder(), 'out', 'x', 'out.bin');
      assert.deepStrictEqual(await readFile(target), bytes);
      assert.equal((await stat(target)).mode & 0o777, 0o600);
      const pages: Buffer[] = [];
      let offset: unknown = 0;
      while (offset !== undefined) {
        const page = await call('sandbox_download', {
          path: 'd/in.bin',
          encoding: 'base64',
          offset,
        });
        pages.push(Buffer.from(String(page['content']), 'base64'));
        offset = pages.length < 3 ? page['next_offset'] : undefined;
      }
      const got = Buffer.concat(pages);
      assert.ok(got.length > 100_000 && got.equals(bytes.subarray(0, got.length)));
      const events = (await readTrace(up['sandbox_id'])).filter(({ action }) => action === 'file');
      const details = events.map(({ detail }) => detail as Json);
      assert.deepStrictEqual(
        details.map((one) => [one['side'], one['bytes'], one['sha256']]),
        [
          ['sandbox', bytes.length, up['sha256']],
          ['sandbox', 5, toHash('é\ufffd')],
          ['host', bytes.length, up['sha256']],
        ],
      );
    });

    it('take in files of no bytes, however they are given, and give them back', async () => {
      await writeFile(path.join(folder(), 'root', 'none'), '');
      const opened = await call('sandbox_files');
      assert.deepStrictEqual([opened['total'], opened['entries']], [0, []]);
      const ways: readonly Json[] = [
        { content: '' },
        { content: '', source_path: '' },
        { content: '', encoding: 'base64' },
        { content: '\r\n', encoding: 'base64' },
        { source_path: 'none' },
        { content: '', source_path: 'none' },
      ];
      for (const [index, given] of ways.entries()) {
        const up = await call('sandbox_upload', { path: `empty/${index}`, ...given });
        assert.deepStrictEqual(
          [up['bytes'], up['sha256'], up['replaced']],
          [0, toHash(''), false],
          JSON.stringify(given),
        );
      }
      for (const encoding of ['utf8', 'base64']) {
        const down = await call('sandbox_download', { path: 'empty/0', encoding });
        const facts = [down['bytes'], down['sha256'], down['content'], down['truncated']];
        assert.deepStrictEqual(facts, [0, toHash(''), '', false]);
      }
      await call('sandbox_download', { path: 'empty/1', target_path: 'empty' });
      assert.equal((await stat(path.join(folder(), 'out', 'empty'))).size, 0);
      const { sandbox_id } = opened;
      const code = 'import os\n[os.path.getsize(f"empty/{name}") for name in os.listdir("empty")]';
      const sizes = ways.map(() => '0').join(', ');
      assert.equal((await call('sandbox_exec_stateful', { code }))['result'], `[${sizes}]`);
      await client.close();
      await engine.close();
      ({ engine, client } = await startOver(folder(), backend));
      const again = await call('sandbox_files', { sandbox_id, path: 'empty' });
      assert.equal(again['total'], ways.length);
      assert.equal((again['replay'] as Json)['difference_count'] ?? 0, 0);
    });

    it('show every text in pages that fit together again, whatever bytes it holds', async () => {
      const code =
        'import os\nopen("w.txt", "wb").write(("é\\"\\n\\u0001✓\\U0001F600" * 40000).encode() + b"\\xff\\xfe")';
      await call('sandbox_exec_stateful', { code });
      const pages: string[] = [];
      let offset: unknown = 0;
      let replaced = 0;
      while (offset !== undefined) {
        const page = await callTool(client, 'sandbox_download', { path: 'w.txt', offset });
        assert.ok(page.text.length <= 100_000, String(page.text.length));
        pages.push(String(page.payload['content']));
        replaced += Number(page.payload['replaced_chars'] ?? 0);
        offset = page.payload['next_offset'];
      }
      assert.equal(pages.join(''), 'é"\n\u0001✓😀'.repeat(40_000) + '\ufffd\ufffd');
      assert.equal(replaced, 2);
    });

    itNative(
      'run a command over the files of a session, count it, and put it on record',
      async () => {
        const opened = await call('rlm_init_context', { context_text: 'text', backend });
        const sandbox_id = opened['session_id'];
        await call('sandbox_upload', { sandbox_id, path: 'a.txt', content: 'b\na\n' });
        const ran = await call('sandbox_shell', {
          sandbox_id,
          command: 'sort a.txt; echo e >&2; exit 3',
        });
        assert.deepStrictEqual(
          [ran['stdout'], ran['stderr'], ran['exit_code'], ran['truncated']],
          ['a\nb\n', 'e\n', 3, false],
        );
        const event = (await readTrace(sandbox_id)).find(({ action }) => action === 'shell');
        const detail = event?.['detail'] as Json;
        assert.deepStrictEqual(
          [event?.['result_status'], detail['command'], detail['exit_code'], detail['stdout']],
          ['error', 'sort a.txt; echo e >&2; exit 3', 3, 'a\nb\n'],
        );
        const usage = ran['usage'] as Json;
        assert.equal(usage['steps'], 0);
        assert.ok(Number(usage['budget_used']) >= 30);
      },
    );

    it('name the file that is not there', async () => {
      const error = await callError(client, 'sandbox_download', { path: 'no/such.txt' });
      assert.match(error.message, /no\/such\.txt/u);
    });

    itNative('say where the output of a command is not UTF-8', async () => {
      const shown = async (command: string): Promise<boolean> =>
        JSON.stringify((await call('sandbox_shell', { command }))['note'] ?? '').includes('U+FFFD');
      assert.equal(await shown("printf 'a\\351b'"), true);
      assert.equal(await shown("printf 'a\\351b' >&2"), true);
      assert.equal(await shown("printf 'a\\303\\251b'"), false);
    });

    itNative('end a command with its time, and a session whose budget it used up', async () => {
      const opened = await call('rlm_init_context', {
        context_text: 'text',
        config: { budget_limit: 1_000, max_output_chars: 2_000 },
      });
      const sandbox_id = opened['session_id'];
      const slow = await call('sandbox_shell', {
        sandbox_id,
        command: 'sleep 100',
        timeout_ms: 200,
      });
      assert.deepStrictEqual([slow['interrupted'], slow['exit_code']], ['timeout', 137]);
      const loud = await call('sandbox_shell', { sandbox_id, command: 'seq 1 10000' });
      assert.deepStrictEqual(
        [loud['guardrail_stop'], loud['truncated']],
        ['budget_exceeded', true],
      );
      assert.equal(
        await fail('sandbox_shell', { sandbox_id, command: 'true' }),
        'GUARDRAIL_STOPPED',
      );
      const uploading = { sandbox_id, path: 'a', content: 'a' };
      assert.equal(await fail('sandbox_upload', uploading), 'GUARDRAIL_STOPPED');
      assert.deepStrictEqual((await call('sandbox_files', { sandbox_id }))['entries'], []);
    });

    it('refuse what is not allowed, each by its code, and write nothing', async () => {
      await writeFile(path.join(folder(), 'secret'), 'secret');
      await symlink(path.join(folder(), 'secret'), path.join(folder(), 'root', 'link'));
      await symlink(folder(), path.join(folder(), 'out', 'up'));
      await link(path.join(folder(), 'secret'), path.join(folder(), 'out', 'there'));
      await call('sandbox_upload', { path: 'a', content: 'a' });
      const refused: readonly (readonly [string, Json, string])[] = [
        ['sandbox_upload', { path: 'b' }, 'INVALID_INPUT'],
        ['sandbox_upload', { path: 'b', source_path: '' }, 'INVALID_INPUT'],
        ['sandbox_upload', { path: 'b', content: null }, 'INVALID_INPUT'],
        ['sandbox_upload', { path: 'a', content: '' }, 'INVALID_INPUT'],
        ['sandbox_upload', { path: 'b', content: 'x', source_path: 'in' }, 'INVALID_INPUT'],
        ['sandbox_upload', { path: 'b', content: '*', encoding: 'base64' }, 'INVALID_INPUT'],
        ['sandbox_upload', { path: 'a', content: 'x' }, 'INVALID_INPUT'],
        ['sandbox_upload', { path: '../b', content: 'x' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_upload', { path: '/etc/b', content: 'x' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_upload', { path: 'b', source_path: 'link' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_upload', { path: 'b', source_path: '../secret' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_upload', { path: 'b', source_path: '/dev/zero' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_upload', { path: 'b', source_path: '.' }, 'INVALID_INPUT'],
        ['sandbox_download', { path: 'none' }, 'INVALID_INPUT'],
        ['sandbox_download', { path: '/proc/1/environ' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_download', { path: 'a', target_path: '../b' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_download', { path: 'a', target_path: '/tmp/b' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_download', { path: 'a', target_path: 'up/b' }, 'PATH_NOT_ALLOWED'],
        ['sandbox_download', { path: 'a', target_path: 'there' }, 'INVALID_INPUT'],
        ['sandbox_download', { path: 'a', target_path: 'up', overwrite: true }, 'INVALID_INPUT'],
        ['sandbox_download', { path: 'a', target_path: 'b\0' }, 'INVALID_INPUT'],
        ['sandbox_files', { sandbox_id: 'none' }, 'SESSION_NOT_FOUND'],
        ['sandbox_shell', { command: '' }, 'INVALID_INPUT'],
        ['sandbox_shell', { command: 'true', backend: 'daytona' }, 'INVALID_INPUT'],
      ];
      for (const [name, args, code] of refused) {
        assert.equal(await fail(name, args), code, `${name} ${JSON.stringify(args)}`);
      }
      assert.deepStrictEqual((await readdir(path.join(folder(), 'out'))).sort(), ['there', 'up']);
      assert.equal(await readFile(path.join(folder(), 'secret'), 'utf8'), 'secret');
      await call('sandbox_download', { path: 'a', target_path: 'there', overwrite: true });
      assert.equal(await readFile(path.join(folder(), 'secret'), 'utf8'), 'secret');
      assert.equal(await readFile(path.join(folder(), 'out', 'there'), 'utf8'), 'a');
    });

    it('hold the caps of a file and of a session', async () => {
      const mebibyte = 2 ** 20;
      const root = path.join(folder(), 'root');
      await writeFile(path.join(root, 'most'), Buffer.alloc(32 * mebibyte));
      await writeFile(path.join(root, 'more'), Buffer.alloc(32 * mebibyte + 1));
      assert.equal(
        await fail('sandbox_upload', { path: 'm', source_path: 'more' }),
        'INVALID_INPUT',
      );
      for (const name of ['1', '2', '3']) {
        await call('sandbox_upload', { path: name, source_path: 'most' });
      }
      assert.equal(
        await fail('sandbox_upload', { path: '4', source_path: 'most' }),
        'INVALID_INPUT',
      );
      await call('sandbox_exec_stateful', {
        code: 'import os\nfor n in "123": os.remove(n)\nopen("big", "wb").write(bytes(2**25 + 1)) and None',
      });
      assert.equal(await fail('sandbox_download', { path: 'big' }), 'INVALID_INPUT');
      await call('sandbox_exec_stateful', {
        code: 'import os\nos.mkdir("many")\nfor n in range(1200): open(f"many/{n:05}", "w").close()',
      });
      const seen: string[] = [];
      let offset: unknown = 0;
      let last: Json = {};
      while (offset !== undefined) {
        last = await call('sandbox_files', { path: 'many', offset });
        seen.push(...(last['entries'] as Json[]).map((entry) => String(entry['path'])));
        offset = last['next_offset'];
      }
      assert.deepStrictEqual([seen.length, last['total'], last['truncated']], [1_000, 1_200, true]);
      assert.equal(new Set(seen).size, 1_000);
    });

    itNative('wait for a running step, and go when their caller does', async () => {
      const { sandbox_id } = await call('sandbox_exec_stateful', { code: 'x = 1' });
      const step = call('sandbox_exec_stateful', {
        sandbox_id,
        code: 'import time\ntime.sleep(0.3)\nopen("made", "w").write("by code") and None',
      });
      const [, got] = await Promise.all([
        step,
        call('sandbox_shell', { sandbox_id, command: 'cat made' }),
      ]);
      assert.equal(got['stdout'], 'by code');
      const stop = new AbortController();
      const asked = callTool(
        client,
        'sandbox_shell',
        { sandbox_id, command: 'sleep 1000' },
        { signal: stop.signal },
      );
      const next = call('sandbox_shell', { sandbox_id, command: 'echo next' });
      stop.abort();
      await assert.rejects(asked);
      assert.equal((await next)['stdout'], 'next\n');
    });

    it('upload again when a session is resumed, and say what is not repeatable', async () => {
      const { sandbox_id } = await call('sandbox_upload', { path: 'a.txt', content: 'kept' });
      await writeFile(path.join(folder(), 'root', 'same'), 'same');
      await writeFile(path.join(folder(), 'root', 'other'), 'other');
      for (const name of ['same', 'other']) {
        await call('sandbox_upload', { path: name, source_path: name });
      }
      await call('sandbox_upload', { path: 'b.bin', content: 'gAD/', encoding: 'base64' });
      await call('sandbox_exec_stateful', { code: 'text = open("a.txt").read()' });
      await call('sandbox_shell', { command: 'echo made > made.txt' });
      await client.close();
      await engine.close();
      await writeFile(path.join(folder(), 'root', 'other'), 'changed');
      ({ engine, client } = await startOver(folder(), backend));
      const listed = await call('sandbox_files', { sandbox_id });
      assert.deepStrictEqual(
        (listed['entries'] as Json[]).map((entry) => entry['path']),
        ['/work/a.txt', '/work/b.bin', '/work/same'],
      );
      const replay = listed['replay'] as Json;
      const differences = (replay['differences'] as Json[]).map(
        ({ field, replayed }) => `${String(field)}: ${String(replayed).slice(0, 14)}`,
      );
      assert.deepStrictEqual(differences, [
        'file /work/other: not repeatable',
        'shell: not repeatable',
      ]);
      const { result } = await call('sandbox_exec_stateful', {
        sandbox_id,
        code: 'text, open("b.bin", "rb").read()',
      });
      assert.equal(result, "('kept', b'\\x80\\x00\\xff')");
      const forked = await call('rlm_fork', { session_id: sandbox_id });
      const copy = await call('sandbox_files', { sandbox_id: forked['session_id'] });
      assert.deepStrictEqual((copy['entries'] as Json[]).length, 3);
    });

    it('are resources, live or not', async () => {
      const { sandbox_id } = await call('sandbox_upload', { path: 'a.txt', content: 'abc' });
      const uri = `rlm://sessions/${String(sandbox_id)}/files`;
      const read = async (): Promise<Json> => {
        const { contents } = await client.readResource({ uri });
        const [content] = contents;
        assert.ok(content && 'text' in content);
        return JSON.parse(content.text) as Json;
      };
      const live = await read();
      assert.deepStrictEqual(
        [live['live'], (live['entries'] as Json[]).map((one) => one['path'])],
        [true, ['/work/a.txt']],
      );
      await engine.sessions.closeSession(String(sandbox_id), 'a test');
      assert.deepStrictEqual([(await read())['live'], (await read())['status']], [false, 'closed']);
    });
  },
  ['wasm', ...nativeBackends],
);

for (const transport of transports) {
  describe(`the sandbox tools over ${transport}`, function () {
    this.timeout(60_000);
    const folder = useTempFolder();

    it('write downloads where the server was told to, and nowhere else', async () => {
      const folders = { home: path.join(folder(), 'home'), root: path.join(folder(), 'root') };
      const downloads = path.join(folder(), 'out');
      await mkdir(folders.root);
      await mkdir(downloads);
      for (const given of [{ downloads }, {}]) {
        const engine = await startEngine(transport, { ...folders, ...given });
        try {
          const { client } = engine;
          const backend = 'local';
          await callOk(client, 'sandbox_upload', { path: 'a', content: 'abc', backend });
          const args = { path: 'a', target_path: 'a' };
          if ('downloads' in given) {
            await callOk(client, 'sandbox_download', args);
            assert.equal(await readFile(path.join(downloads, 'a'), 'utf8'), 'abc');
          } else {
            const error = await callError(client, 'sandbox_download', args);
            assert.equal(error.code, 'PATH_NOT_ALLOWED');
            assert.match(error.next_step, /--downloads/u);
          }
        } finally {
          await engine.stop();
        }
      }
    });
  });
}
