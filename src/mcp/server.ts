// One MCP server object for one client connection, over any transport.

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  ErrorCode as RpcErrorCode,
  GetPromptRequestSchema,
  type GetPromptResult,
  ListPromptsRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  type Prompt,
  ReadResourceRequestSchema,
  type ReadResourceResult,
  type RequestId,
  type Resource,
  type ServerCapabilities,
  type ServerNotification,
  type ServerRequest,
  SubscribeRequestSchema,
  type Tool as ToolDefinition,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { untilAborted } from '../base/abort';
import type { Disposable } from '../base/disposable';
import { type CallerAgents, toClientAgents } from '../core/agent/callerAgents';
import type { Engine } from '../core/engine';
import type { Language } from '../core/sandbox';
import type { CallGate } from './callGate';
import { complete } from './completions';
import agentInstructions from './agentInstructions.md';
import instructions from './instructions.md';
import { defaultProgressOptions, Progress, type ProgressOptions } from './progress';
import { listPrompts, renderPrompt } from './prompts';
import { checkResource, listResources, listResourceTemplates, readResource } from './resources';
import { Scratch } from './scratch';
import { Subscriptions, maxSubscriptions } from './subscriptions';
import { createEliciting } from './eliciting';
import { createSampling } from './sampling';
import { type OffersSet, callTool, listOffered } from './toolCall';
import type { Tool } from './tool';
import { WireTransport } from './wireTransport';

const ownersCapabilities: ServerCapabilities = {
  resources: { subscribe: true, listChanged: true },
  prompts: {},
  completions: {},
};
/** How long the last answers may take to leave. */
const farewellMs = 1_000;

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/**
 * What a connection offers beside the product's own. Its functions are asked first; undefined: not
 * theirs. The fixtures of the conformance suite come in here, and nothing that ships.
 */
export interface Additions {
  readonly capabilities: ServerCapabilities;
  readonly tools: readonly ToolDefinition[];
  readonly prompts: readonly Prompt[];
  readonly resources: readonly Resource[];
  callTool(
    name: string,
    args: Readonly<Record<string, unknown>>,
    call: { readonly extra: Extra; readonly progress: Progress },
  ): Promise<CallToolResult> | undefined;
  getPrompt(name: string, args: Readonly<Record<string, string>>): GetPromptResult | undefined;
  readResource(uri: string): ReadResourceResult | undefined;
}

/** What the agent of a run gets in place of all that there is: these tools, and neither resources nor prompts. */
export interface AgentScope {
  readonly agents: CallerAgents;
  readonly toolNames: ReadonlySet<string>;
}

export interface McpServerOptions {
  /** Told of every tool call while it runs; disposed when it has ended, however it ended. */
  readonly trackCall?: (id: RequestId, signal: AbortSignal) => Disposable;
  readonly gate?: CallGate;
  readonly progress?: Partial<ProgressOptions>;
  /** All of them when left out. Asked anew for every list and call. */
  readonly offersSet?: OffersSet;
  /** A connection of an agent; left out: of the engine's user. */
  readonly scope?: AgentScope;
  readonly additions?: Additions;
}

/**
 * A server for exactly one connection: connect it to one transport and close it with that. Sharing
 * one between clients mixes their answers. Source: GHSA-345p-7cg4-v4c7.
 */
export function createMcpServer(engine: Engine, options: McpServerOptions = {}): McpServer {
  const server = new McpServer(
    { name: 'rlm-companion', title: 'RLM Companion', version: engine.version },
    {
      capabilities: {
        tools: {},
        ...(options.scope ? {} : ownersCapabilities),
        ...options.additions?.capabilities,
      },
      instructions: (options.scope ? agentInstructions : instructions).trim(),
    },
  );
  const scratch = new Scratch();
  serveTools(server, engine, { ...options, scratch });
  if (options.scope) {
    server.onclose = () => void scratch.close(engine);
    return server;
  }
  const subscriptions = serveResources(server, engine, options.additions);
  server.onclose = () => {
    subscriptions.dispose();
    void scratch.close(engine);
  };
  servePrompts(server, engine, options.additions);
  return server;
}

/** Whatever the transport, all its messages pass one place. */
export class McpServer extends Server {
  #wire: WireTransport | undefined;

  override connect(transport: Transport): Promise<void> {
    this.#wire = new WireTransport(transport);
    return super.connect(this.#wire);
  }

  /** Answers what is open, and closes; a client that takes nothing is waited for in bounds. Never rejects. */
  async end(): Promise<void> {
    const answered = this.#wire?.answerOpen() ?? Promise.resolve();
    const timeUp = (): Error => new Error('the client takes nothing');
    await untilAborted(answered, AbortSignal.timeout(farewellMs), timeUp).catch(() => undefined);
    await this.close().catch(() => undefined);
  }
}

function serveTools(
  server: Server,
  engine: Engine,
  options: McpServerOptions & { readonly scratch: Scratch },
): void {
  const { additions, scratch, offersSet: isOn = () => true } = options;
  const { scope } = options;
  const agents = scope?.agents ?? (engine.agents && toClientAgents(engine.agents));
  const offersSet: OffersSet = (set) => (set !== 'agents' || agents !== null) && isOn(set);
  const listTools = (): readonly Tool[] =>
    listOffered(offersSet).filter(({ name }) => scope?.toolNames.has(name) ?? true);
  const toldLanguages = new Set<Language>();
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [...listTools().map(({ listed }) => listed), ...(additions?.tools ?? [])],
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tracked = options.trackCall?.(extra.requestId, extra.signal);
    const { gate } = options;
    const progress = createProgress(params._meta?.progressToken, extra, options);
    try {
      const added = additions?.callTool(params.name, params.arguments ?? {}, { extra, progress });
      const sample = createSampling(server, extra);
      const { signal } = extra;
      const askPerson = scope ? null : createEliciting(server, extra);
      const common = { engine, agents, signal, progress, toldLanguages, scratch };
      const context = { ...common, sample, askPerson };
      const { name, arguments: args } = params;
      const offered = listTools();
      const call = { name, args, offered, ...(gate && { gate }) };
      return await (added ?? callTool(call, context));
    } finally {
      tracked?.dispose();
    }
  });
}

function createProgress(
  progressToken: string | number | undefined,
  extra: Extra,
  options: McpServerOptions,
): Progress {
  const all = { ...defaultProgressOptions, ...options.progress };
  if (progressToken === undefined) {
    return new Progress(null, all);
  }
  return new Progress((update) => {
    const params = { progressToken, ...update };
    // A client that is gone needs no progress.
    extra.sendNotification({ method: 'notifications/progress', params }).catch(() => undefined);
  }, all);
}

function serveResources(server: Server, engine: Engine, additions?: Additions): Disposable {
  const subscriptions = new Subscriptions(engine, {
    resourceUpdated: (uri) => void server.sendResourceUpdated({ uri }).catch(() => undefined),
    listChanged: () => void server.sendResourceListChanged().catch(() => undefined),
  });
  server.setRequestHandler(ListResourcesRequestSchema, async ({ params }) => {
    const page = await listResources(engine, params?.cursor ?? null);
    return { ...page, resources: [...page.resources, ...(additions?.resources ?? [])] };
  });
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: listResourceTemplates(engine),
  }));
  server.setRequestHandler(
    ReadResourceRequestSchema,
    ({ params }, { signal }) =>
      additions?.readResource(params.uri) ?? readResource(engine, params.uri, signal),
  );
  server.setRequestHandler(SubscribeRequestSchema, async ({ params }) => {
    if (!additions?.resources.some(({ uri }) => uri === params.uri)) {
      await checkResource(engine, params.uri);
    }
    if (!subscriptions.add(params.uri)) {
      throw new McpError(
        RpcErrorCode.InvalidParams,
        `There are already ${maxSubscriptions} subscriptions; unsubscribe from some first.`,
      );
    }
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscriptions.delete(params.uri);
    return {};
  });
  return subscriptions;
}

function servePrompts(server: Server, engine: Engine, additions?: Additions): void {
  server.setRequestHandler(ListPromptsRequestSchema, async () => ({
    prompts: [...(await listPrompts(engine)), ...(additions?.prompts ?? [])],
  }));
  server.setRequestHandler(
    GetPromptRequestSchema,
    ({ params: { name, arguments: args = {} } }) =>
      additions?.getPrompt(name, args) ?? renderPrompt(engine, name, args),
  );
  server.setRequestHandler(CompleteRequestSchema, async ({ params }) => ({
    completion: await complete(engine, {
      ref:
        params.ref.type === 'ref/resource'
          ? { kind: 'template', uri: params.ref.uri }
          : { kind: 'prompt', name: params.ref.name },
      argument: params.argument.name,
      value: params.argument.value,
      others: params.context?.arguments ?? {},
    }),
  }));
}
