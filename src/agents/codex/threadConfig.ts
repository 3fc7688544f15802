// What a thread is started and resumed with, and whether what comes back is what was asked for.

import type {
  AgentMcpServer,
  ThreadPermissions,
  ThreadRequest,
} from '../../core/agent/agentDriver';
import { RlmError } from '../../core/errors';
import type { ThreadAnswer, WireSandbox } from './wire';

/** Settings that neither permit more nor run anything. */
const allowedSettings =
  /^(?:model(?:_provider|_providers|_reasoning_\w+|_verbosity|_context_window|_auto_compact_token_limit|_supports_reasoning_summaries)?|web_search|tool_output_token_limit|tools)(?:\.|$)/u;
/** In the environment of every command, so that what is left of them is found. */
export const runMark = 'RLM_AGENT_RUN';

/** @throws RlmError 'INVALID_INPUT' */
export function checkRequest(request: ThreadRequest): void {
  const setting = Object.keys(request.configuration).find((name) => !allowedSettings.test(name));
  const server = Object.keys(request.mcpServers).find((name) => !/^[\w-]+$/u.test(name));
  const refuse = (what: string, nextStep: string): never => {
    throw new RlmError('INVALID_INPUT', what, { nextStep });
  };
  if (setting !== undefined) {
    refuse(
      `The setting ${setting} of Codex cannot be given to a thread.`,
      'Give only settings of models, tools and web search; what a thread may do is said by its permissions.',
    );
  }
  if (server !== undefined) {
    refuse(`"${server}" is no name for an MCP server.`, 'Use letters, digits, _ and - only.');
  }
}

/** For `thread/start` and `thread/resume`, which take the same. */
export function toThreadParams(
  request: ThreadRequest,
  provider: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { permissions, cwd } = request;
  const isExternal = permissions.sandbox === 'external';
  return {
    cwd,
    ...(request.model === null ? {} : { model: request.model }),
    sandbox: isExternal ? 'danger-full-access' : permissions.sandbox,
    approvalPolicy: permissions.approvals,
    approvalsReviewer: 'user',
    developerInstructions: request.instructions,
    config: {
      ...provider,
      ...request.configuration,
      // Or Codex trusts the folder by itself, and runs what its .codex/config.toml names, outside the sandbox.
      projects: { [cwd]: { trust_level: 'untrusted' } },
      sandbox_workspace_write: {
        writable_roots: permissions.writableRoots,
        network_access: permissions.network,
        exclude_slash_tmp: true,
        exclude_tmpdir_env_var: true,
      },
      shell_environment_policy: {
        inherit: 'core',
        set: { ...request.commandEnvironment, [runMark]: request.runId },
      },
      mcp_servers: Object.fromEntries(
        Object.entries(request.mcpServers).map(([name, server]) => [name, toServer(server)]),
      ),
    },
  };
}

function toServer({ reached, isRequired, tools, timeoutMs }: AgentMcpServer): object {
  const common = {
    required: isRequired,
    tool_timeout_sec: timeoutMs / 1_000,
    default_tools_approval_mode: tools === 'allow' ? 'approve' : 'writes',
  };
  return reached.kind === 'http'
    ? { ...common, url: reached.url, http_headers: reached.headers }
    : {
        ...common,
        command: reached.command,
        args: reached.args,
        env: reached.environment,
      };
}

/** For `turn/start`; null: the thread's own holds. */
export function toTurnSandbox({ sandbox, network }: ThreadPermissions): object | null {
  return sandbox === 'external'
    ? { type: 'externalSandbox', networkAccess: network ? 'enabled' : 'restricted' }
    : null;
}

/** Ways in which what Codex says it runs differs from what was asked; empty: none. */
export function compareThread(answer: ThreadAnswer, request: ThreadRequest): readonly string[] {
  const { sandbox, approvalPolicy, approvalsReviewer, cwd, instructionSources } = answer;
  return [
    ...compareSandbox(sandbox, request.permissions),
    ...differ('approvals', approvalPolicy, request.permissions.approvals),
    ...differ('who approves', approvalsReviewer, 'user'),
    ...differ('folder', cwd, request.cwd),
    ...instructionSources
      .filter((source) => source.startsWith(request.cwd))
      .map((source) => `it reads ${source}, which is for a folder that is trusted`),
  ];
}

/** As `compareThread`, of sandbox and approvals alone. */
export function comparePermissions(
  told: { readonly sandboxPolicy: WireSandbox; readonly approvalPolicy: unknown },
  permissions: ThreadPermissions,
): readonly string[] {
  return [
    ...compareSandbox(told.sandboxPolicy, permissions),
    ...differ('approvals', told.approvalPolicy, permissions.approvals),
  ];
}

function compareSandbox(told: WireSandbox, asked: ThreadPermissions): readonly string[] {
  switch (told.type) {
    case 'dangerFullAccess':
      // Of an external one Codex is told with the first turn.
      return asked.sandbox === 'external'
        ? []
        : differ('sandbox', 'danger-full-access', asked.sandbox);
    case 'externalSandbox':
      return [
        ...differ('sandbox', 'external', asked.sandbox),
        ...differ('network', told.networkAccess === 'enabled', asked.network),
      ];
    case 'readOnly':
      // Codex gives commands of a read-only thread no network, whatever is asked.
      return [
        ...differ('sandbox', 'read-only', asked.sandbox),
        ...(told.networkAccess && !asked.network ? ['network: it is true, not false'] : []),
      ];
    case 'workspaceWrite':
      return [
        ...differ('sandbox', 'workspace-write', asked.sandbox),
        ...differ('network', told.networkAccess, asked.network),
        ...told.writableRoots
          .filter((root) => !asked.writableRoots.includes(root))
          .map((root) => `it may write below ${root}`),
        ...asked.writableRoots
          .filter((root) => !told.writableRoots.includes(root))
          .map((root) => `it may not write below ${root}`),
        ...(told.excludeSlashTmp && told.excludeTmpdirEnvVar
          ? []
          : ['it may write below the folders for temporary files']),
      ];
  }
}

function differ(what: string, told: unknown, asked: unknown): readonly string[] {
  return told === asked
    ? []
    : [`${what}: it is ${JSON.stringify(told)}, not ${JSON.stringify(asked)}`];
}
