// What a thread is asked for, and whether what comes back is noticed when it is something else.

import assert from 'node:assert/strict';
import {
  checkRequest,
  compareThread,
  toThreadParams,
} from '../../../../src/agents/codex/threadConfig';
import type { ThreadAnswer, WireSandbox } from '../../../../src/agents/codex/wire';
import type { SandboxMode, ThreadRequest } from '../../../../src/core/agent/agentDriver';

const request: ThreadRequest = {
  runId: 'run-1',
  cwd: '/work',
  inside: null,
  instructions: 'Be brief.',
  model: null,
  permissions: {
    sandbox: 'workspace-write',
    writableRoots: ['/more'],
    network: false,
    approvals: 'on-request',
  },
  mcpServers: {},
  configuration: {},
  commandEnvironment: {},
  outputSchema: null,
};
const granted: WireSandbox = {
  type: 'workspaceWrite',
  writableRoots: ['/more'],
  networkAccess: false,
  excludeTmpdirEnvVar: true,
  excludeSlashTmp: true,
};
const answer: ThreadAnswer = {
  thread: { id: 't', path: null },
  model: 'm',
  cwd: '/work',
  approvalPolicy: 'on-request',
  approvalsReviewer: 'user',
  sandbox: granted,
  instructionSources: [],
};
const withSandbox = (sandbox: SandboxMode): ThreadRequest => ({
  ...request,
  permissions: { ...request.permissions, sandbox, writableRoots: [] },
});

describe('what a thread runs under', () => {
  it('is as asked, or each difference is named', () => {
    const cases: readonly (readonly [Partial<ThreadAnswer>, number])[] = [
      [{}, 0],
      [{ approvalPolicy: 'never' }, 1],
      [{ approvalPolicy: { granular: {} } }, 1],
      [{ approvalsReviewer: 'guardian' }, 1],
      [{ cwd: '/other' }, 1],
      [{ instructionSources: ['/work/AGENTS.md'] }, 1],
      [{ sandbox: { ...granted, networkAccess: true } }, 1],
      [{ sandbox: { ...granted, writableRoots: ['/more', '/'] } }, 1],
      [{ sandbox: { ...granted, writableRoots: [] } }, 1],
      [{ sandbox: { ...granted, excludeSlashTmp: false } }, 1],
      [{ sandbox: { type: 'readOnly', networkAccess: false } }, 1],
      [{ sandbox: { type: 'dangerFullAccess' } }, 1],
      [{ sandbox: { type: 'externalSandbox', networkAccess: 'enabled' } }, 2],
    ];
    assert.deepStrictEqual(
      cases.map(([told]) => compareThread({ ...answer, ...told }, request).length),
      cases.map(([, count]) => count),
    );
  });

  it('is compared for every sandbox against every other', () => {
    const told: Readonly<Record<SandboxMode, WireSandbox>> = {
      'read-only': { type: 'readOnly', networkAccess: false },
      'workspace-write': { ...granted, writableRoots: [] },
      'danger-full-access': { type: 'dangerFullAccess' },
      external: { type: 'externalSandbox', networkAccess: 'restricted' },
    };
    const modes = Object.keys(told) as SandboxMode[]; // of the table above
    for (const asked of modes) {
      const fitting = modes.filter(
        (mode) =>
          compareThread({ ...answer, sandbox: told[mode] }, withSandbox(asked)).length === 0,
      );
      // Of an external one Codex is told with the first turn.
      assert.deepStrictEqual(
        fitting,
        asked === 'external' ? ['danger-full-access', 'external'] : [asked],
      );
    }
  });

  it('always says that its folder is not trusted, and marks its commands', () => {
    const { config } = toThreadParams(
      { ...request, configuration: { model_provider: 'x' } },
      { projects: { '/work': { trust_level: 'trusted' } } },
    );
    const { projects, shell_environment_policy: environment } = config as Record<string, unknown>; // our own
    assert.deepStrictEqual(
      [projects, environment],
      [
        { '/work': { trust_level: 'untrusted' } },
        { inherit: 'core', set: { RLM_AGENT_RUN: 'run-1' } },
      ],
    );
  });

  it('cannot be widened by settings', () => {
    const settings = [
      ...[
        'sandbox_mode',
        'approval_policy',
        'projects',
        'mcp_servers.x.command',
        'notify',
        'hooks',
      ],
      ...[
        'sandbox_workspace_write.network_access',
        'shell_environment_policy.inherit',
        'features.hooks',
      ],
      ...['profile', 'default_permissions', 'permissions', 'modelx', 'model_instructions_file'],
    ];
    for (const name of settings) {
      const given = { ...request, configuration: { [name]: true } };
      assert.throws(() => checkRequest(given), { code: 'INVALID_INPUT' }, name);
    }
    for (const name of ['model', 'model_provider', 'model_providers.x.base_url', 'web_search']) {
      checkRequest({ ...request, configuration: { [name]: true } });
    }
  });
});
