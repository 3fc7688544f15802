// One MCP server object for one client connection, over any transport.

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode as RpcErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type RequestId,
  type ServerNotification,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { Disposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import { complete } from './completions';
import instructions from './instructions.md';
import { defaultProgressOptions, Progress, type ProgressOptions } from './progress';
import { listPrompts, renderPrompt } from './prompts';
import { checkResource, listResources, listResourceTemplates, readResource } from './resources';
import { Subscriptions, maxSubscriptions } from './subscriptions';
import { callTool } from './toolCall';
import { tools } from './toolList';

export interface McpServerOptions {
  /** Told of every tool call while it runs; disposed when it has ended, however it ended. */
  readonly trackCall?: (id: RequestId, signal: AbortSignal) => Disposable;
  readonly progress?: Partial<ProgressOptions>;
}

/**
 * A server for exactly one connection: connect it to one transport and close it with that. Sharing
 * one between clients mixes their answers. Source: GHSA-345p-7cg4-v4c7.
 */
export function createMcpServer(engine: Engine, options: McpServerOptions = {}): Server {
  const server = new Server(
    { name: 'rlm-companion', title: 'RLM Companion', version: engine.version },
    {
      capabilities: {
        tools: {},
        resources: { subscribe: true, listChanged: true },
        prompts: {},
        completions: {},
      },
      instructions: instructions.trim(),
    },
  );
  serveTools(server, engine, options);
  serveResources(server, engine);
  servePrompts(server, engine);
  return server;
}

function serveTools(server: Server, engine: Engine, options: McpServerOptions): void {
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ listed }) => listed),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tracked = options.trackCall?.(extra.requestId, extra.signal);
    const progress = createProgress(params._meta?.progressToken, extra, options);
    try {
      const context = { engine, signal: extra.signal, progress };
      return await callTool(params.name, params.arguments, context);
    } finally {
      tracked?.dispose();
    }
  });
}

function createProgress(
  progressToken: string | number | undefined,
  extra: { sendNotification(notification: ServerNotification): Promise<void> },
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

function serveResources(server: Server, engine: Engine): void {
  const subscriptions = new Subscriptions(engine, {
    resourceUpdated: (uri) => void server.sendResourceUpdated({ uri }).catch(() => undefined),
    listChanged: () => void server.sendResourceListChanged().catch(() => undefined),
  });
  server.onclose = () => subscriptions.dispose();
  server.setRequestHandler(ListResourcesRequestSchema, ({ params }) =>
    listResources(engine, params?.cursor ?? null),
  );
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: listResourceTemplates(),
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }, { signal }) =>
    readResource(engine, params.uri, signal),
  );
  server.setRequestHandler(SubscribeRequestSchema, async ({ params }) => {
    await checkResource(engine, params.uri);
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
}

function servePrompts(server: Server, engine: Engine): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: listPrompts() }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) =>
    renderPrompt(engine, params.name, params.arguments ?? {}),
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
