import assert from 'node:assert/strict';
import { mkdir, readFile, stat, symlink, writeFile, lstat, chmod } from 'node:fs/promises';
import path from 'node:path';
import { readEndpoint, type RunningServer, startServer } from '../../support/engineProcess';
import { useTempFolder } from '../../support/tempFolder';
import { type Ended, programFile, start } from './program';

const isWindows = process.platform === 'win32';

describe('rlm-companion connect', () => {
  const folder = useTempFolder();
  const at = (...names: readonly string[]): string => path.join(folder(), ...names);
  let server: RunningServer | null;
  const run = (...args: readonly string[]): Promise<Ended> =>
    start(['connect', ...args], {
      home: at('home'),
      cwd: at('work'),
      env: { CODEX_HOME: at('codex') },
    }).ended;

  beforeEach(async () => {
    server = null;
    await mkdir(at('work'));
  });
  afterEach(() => server?.end('SIGKILL'));

  it('only shows what a client needs, unless it is to write', async () => {
    for (const client of ['codex', 'claude', 'vscode']) {
      const { exitCode, output } = await run(client, '--root', 'logs');
      assert.equal(exitCode, 0);
      assert.ok(output.includes(JSON.stringify(at('work', 'logs')).slice(1, -1)), output);
    }
    await assert.rejects(stat(at('codex')));
    await assert.rejects(stat(at('work', '.mcp.json')));
    await assert.rejects(stat(at('work', '.vscode')));
  });

  it('makes the file, shows it, and finds it up to date the next time', async () => {
    const first = await run('claude', '--write');
    assert.match(first.output, /\+ +"mcpServers"/u);
    const text = await readFile(at('work', '.mcp.json'), 'utf8');
    assert.deepStrictEqual(JSON.parse(text), {
      mcpServers: {
        rlm: { command: process.execPath, args: [programFile, 'mcp', '--home', at('home')] },
      },
    });
    assert.match((await run('claude', '--write')).output, /^Up to date/u);
    assert.equal(await readFile(at('work', '.mcp.json'), 'utf8'), text);
  });

  it('keeps everything else in the file, its mode, and a link to it', async function () {
    if (isWindows) {
      this.skip(); // links and modes are another matter there
    }
    await mkdir(at('codex'));
    const own = '# mine\nmodel = "gpt-5.5" # fast\n\n[mcp_servers.other]\ncommand = "x"\n';
    await writeFile(at('dotfile.toml'), own);
    await chmod(at('dotfile.toml'), 0o640);
    await symlink(at('dotfile.toml'), at('codex', 'config.toml'));
    await run('codex', '--write');
    assert.ok((await lstat(at('codex', 'config.toml'))).isSymbolicLink());
    assert.equal((await stat(at('dotfile.toml'))).mode & 0o777, 0o640);
    const text = await readFile(at('dotfile.toml'), 'utf8');
    assert.ok(text.startsWith(`${own}\n[mcp_servers.rlm]\n`));
    const { output } = await run('codex', '--write', '--root', at('logs'));
    assert.match(output, /^- args[^\n]*$[^]*^\+ args[^\n]*--root/mu);
    assert.ok((await readFile(at('dotfile.toml'), 'utf8')).startsWith(own));
  });

  it('leaves a file alone that it cannot understand, and shows what to paste', async () => {
    await mkdir(at('codex'));
    const broken = 'model = [\n';
    await writeFile(at('codex', 'config.toml'), broken);
    const { exitCode, output } = await run('codex', '--write');
    assert.equal(exitCode, 2);
    assert.match(output, /\[mcp_servers\.rlm\]/u);
    assert.equal(await readFile(at('codex', 'config.toml'), 'utf8'), broken);
  });

  it('names the running engine with --http, and writes no token anywhere', async () => {
    assert.match((await run('vscode', '--http')).errors, /BACKEND_UNAVAILABLE/u);
    server = await startServer({ home: at('home'), root: at('work') });
    const { url, token } = await readEndpoint(server.tokenFile);
    const files = {
      codex: at('codex', 'config.toml'),
      claude: at('work', '.mcp.json'),
      vscode: at('work', '.vscode', 'mcp.json'),
    };
    for (const [client, file] of Object.entries(files)) {
      const { exitCode, output, errors } = await run(client, '--http', '--write');
      assert.equal(exitCode, 0, errors);
      const text = await readFile(file, 'utf8');
      assert.ok(text.includes(url) && output.includes(server.tokenFile), output);
      assert.ok(!`${text}${output}${errors}`.includes(token));
    }
  });
});
