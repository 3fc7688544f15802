// The real Codex as a client of ours: `codex exec` spawns two agents over HTTP and reads what they did.

import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { serveHttp } from '../../../src/mcp/http';
import { plan, type PlannedStep } from '../../support/plannedModel';
import { CodexHome } from '../codex/codexProgram';
import { useAgentEngine } from './agentEngine';

const ask = (call: string, args: Readonly<Record<string, unknown>>): PlannedStep => ({
  ...{ call, args, namespace: 'mcp__rlm' },
});

describe('the Codex CLI with agents', function () {
  this.timeout(120_000);
  const here = useAgentEngine();

  it('spawns two and reads their summaries', async () => {
    const serving = await serveHttp(here().engine);
    try {
      const home = new CodexHome(here().folder);
      await home.create(here().model.url);
      const config = `[mcp_servers.rlm]\nurl = "${serving.url}"\nbearer_token_env_var = "RLM_TOKEN"\ndefault_tools_approval_mode = "approve"\n`;
      await appendFile(path.join(home.path, 'config.toml'), config);
      const steps = ['generalist', 'code_reviewer'].flatMap((profile) => [
        ask('spawn_agent', {
          profile_id: profile,
          custom_prompt: plan([{ say: `Findings: by the ${profile}.` }]),
          wait_ms: 60_000,
        }),
        ask('summarize_session', { session_id: '{{session_id}}' }),
      ]);
      const codex = await home.exec(here().codex, [plan([...steps, { say: 'Both are done.' }])], {
        cwd: here().repository,
        env: { RLM_TOKEN: serving.token },
      });
      assert.equal(codex.exitCode, 0, codex.errors);
      const calls = codex.items.filter(({ type }) => type === 'mcp_tool_call');
      assert.deepStrictEqual(
        calls.map(({ tool, result }) => [tool, result?.structured_content?.['status']]),
        [
          ...[
            ['spawn_agent', 'completed'],
            ['summarize_session', 'completed'],
          ],
          ...[
            ['spawn_agent', 'completed'],
            ['summarize_session', 'completed'],
          ],
        ],
      );
      ['generalist', 'code_reviewer'].forEach((profile, index) =>
        assert.match(
          String(calls[2 * index + 1]?.result?.structured_content?.['summary']),
          new RegExp(`Findings: by the ${profile}\\.`, 'u'),
        ),
      );
    } finally {
      await serving.dispose();
    }
  });
});
