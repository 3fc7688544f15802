import assert from 'node:assert/strict';
import {
  addToCopilotConfig,
  toAddCommand,
  toShell,
} from '../../../../src/extension/connect/clientCommand';

describe('clientCommand', () => {
  const server = {
    command: '/opt/VS Code/code',
    args: ["/home/o’neil/it's.cjs", 'mcp', '--root', '/data'],
    env: { ELECTRON_RUN_AS_NODE: '1' },
  };

  it('quotes for the shell that will read it', () => {
    assert.deepStrictEqual(
      [
        toAddCommand('claude', server, 'posix'),
        toAddCommand('codex', server, 'powershell'),
        toAddCommand('codex', { ...server, env: {} }, 'cmd'),
      ],
      [
        String.raw`claude mcp add rlm -e ELECTRON_RUN_AS_NODE=1 -- '/opt/VS Code/code' '/home/o’neil/it'\''s.cjs' mcp --root /data`,
        `codex mcp add rlm --env ELECTRON_RUN_AS_NODE=1 '--' '/opt/VS Code/code' '/home/o’neil/it''s.cjs' mcp --root /data`,
        `codex mcp add rlm -- "/opt/VS Code/code" "/home/o’neil/it's.cjs" mcp --root /data`,
      ],
    );
  });

  it('knows shells by their names', () => {
    const shells = ['/bin/zsh', String.raw`C:\Windows\System32\cmd.exe`, '/usr/bin/pwsh', ''];
    assert.deepStrictEqual(shells.map(toShell), ['posix', 'cmd', 'powershell', 'posix']);
  });

  it('keeps everything else in a configuration', () => {
    const text = '{"theme":"dark","mcpServers":{"other":{"type":"http"},"rlm":{"old":1}}}';
    const config: unknown = JSON.parse(addToCopilotConfig(text, server));
    const rlm = { type: 'stdio', ...server, tools: ['*'] };
    assert.deepStrictEqual(config, {
      theme: 'dark',
      mcpServers: { other: { type: 'http' }, rlm },
    });
  });

  it('begins a configuration where there is none, and refuses one it cannot read', () => {
    assert.match(addToCopilotConfig('', server), /"mcpServers"/u);
    assert.throws(() => addToCopilotConfig('{', server), SyntaxError);
    assert.throws(() => addToCopilotConfig('[]', server), TypeError);
  });
});
