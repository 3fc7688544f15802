// What the official conformance suite asks every server to offer: tools, prompts and resources of
// fixed names. Source: @modelcontextprotocol/conformance 0.1.16, descriptions of its server scenarios.

import { setTimeout as delay } from 'node:timers/promises';
import {
  type CallToolResult,
  CreateMessageResultSchema,
  type ElicitRequestFormParams,
  ElicitResultSchema,
  type GetPromptResult,
  type Prompt,
  type ReadResourceResult,
  type Resource,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import { defaultProgressOptions } from '../../src/mcp/progress';
import type { Additions } from '../../src/mcp/server';

type Call = Parameters<Additions['callTool']>[2];
type Args = Readonly<Record<string, unknown>>;

interface ToolFixture {
  readonly inputSchema?: Tool['inputSchema'];
  run(args: Args, call: Call): CallToolResult | Promise<CallToolResult>;
}

/** One red pixel. */
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** A header and no samples. */
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const image = { type: 'image' as const, data: png, mimeType: 'image/png' };
const pauseMs = 50;

function toText(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

function toResource(uri: string, mimeType: string, text: string) {
  return { type: 'resource' as const, resource: { uri, mimeType, text } };
}

async function elicit(call: Call, message: string, properties: FormProperties) {
  const requestedSchema = { type: 'object' as const, properties };
  const request = {
    method: 'elicitation/create' as const,
    params: { message, requestedSchema },
  };
  const { action, content } = await call.extra.sendRequest(request, ElicitResultSchema);
  return toText(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
}

type FormProperties = ElicitRequestFormParams['requestedSchema']['properties'];

const choices = [
  { const: 'value1', title: 'First' },
  { const: 'value2', title: 'Second' },
];

const toolFixtures: Readonly<Record<string, ToolFixture>> = {
  test_simple_text: { run: () => toText('This is a simple text response for testing.') },
  test_image_content: { run: () => ({ content: [image] }) },
  test_audio_content: {
    run: () => ({ content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }] }),
  },
  test_embedded_resource: {
    run: () => ({
      content: [toResource('test://embedded-resource', 'text/plain', 'An embedded resource.')],
    }),
  },
  test_multiple_content_types: {
    run: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        image,
        toResource('test://mixed-content-resource', 'application/json', '{"test":"data"}'),
      ],
    }),
  },
  test_tool_with_logging: {
    run: async (_, { extra }) => {
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool completed']) {
        const params = { level: 'info' as const, data };
        await extra.sendNotification({ method: 'notifications/message', params });
        await delay(pauseMs);
      }
      return toText('Logged three times.');
    },
  },
  test_error_handling: {
    run: () => ({ ...toText('This tool intentionally returns an error.'), isError: true }),
  },
  test_tool_with_progress: {
    run: async (_, { progress }) => {
      for (const done of [1, 50, 100]) {
        progress.report(done, () => `${done} of 100`);
        await delay(defaultProgressOptions.throttleMs + pauseMs);
      }
      return toText('Reported three times.');
    },
  },
  test_sampling: {
    inputSchema: { type: 'object', properties: { prompt: { type: 'string' } } },
    run: async ({ prompt }, { extra }) => {
      const content = { type: 'text' as const, text: String(prompt) };
      const params = { messages: [{ role: 'user' as const, content }], maxTokens: 100 };
      const request = { method: 'sampling/createMessage' as const, params };
      const reply = await extra.sendRequest(request, CreateMessageResultSchema);
      return toText(`LLM response: ${JSON.stringify(reply.content)}`);
    },
  },
  test_elicitation: {
    inputSchema: { type: 'object', properties: { message: { type: 'string' } } },
    run: ({ message }, call) =>
      elicit(call, String(message), {
        username: { type: 'string', description: "User's response" },
        email: { type: 'string', description: "User's email address" },
      }),
  },
  test_elicitation_sep1034_defaults: {
    run: (_, call) =>
      elicit(call, 'Please check the values', {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      }),
  },
  test_elicitation_sep1330_enums: {
    run: (_, call) =>
      elicit(call, 'Please choose', {
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: { type: 'string', oneOf: choices },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['One', 'Two'] },
        untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2'] } },
        titledMulti: { type: 'array', items: { anyOf: choices } },
      }),
  },
  test_reconnection: { run: () => toText('Reconnection test completed successfully') },
  json_schema_2020_12_tool: {
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
      additionalProperties: false,
    },
    run: () => toText('ok'),
  },
};

interface PromptFixture {
  readonly arguments: NonNullable<Prompt['arguments']>;
  render(args: Readonly<Record<string, string>>): GetPromptResult['messages'][number]['content'][];
}

const promptFixtures: Readonly<Record<string, PromptFixture>> = {
  test_simple_prompt: {
    arguments: [],
    render: () => [{ type: 'text', text: 'This is a simple prompt for testing.' }],
  },
  test_prompt_with_arguments: {
    arguments: [
      { name: 'arg1', description: 'First test argument', required: true },
      { name: 'arg2', description: 'Second test argument', required: true },
    ],
    render: ({ arg1, arg2 }) => [{ type: 'text', text: `arg1='${arg1}', arg2='${arg2}'` }],
  },
  test_prompt_with_embedded_resource: {
    arguments: [{ name: 'resourceUri', description: 'Resource to embed', required: true }],
    render: ({ resourceUri = '' }) => [
      toResource(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
      { type: 'text', text: 'Please process the embedded resource above.' },
    ],
  },
  test_prompt_with_image: {
    arguments: [],
    render: () => [image, { type: 'text', text: 'Please analyze the image above.' }],
  },
};

const resources: readonly Resource[] = [
  { uri: 'test://static-text', name: 'static-text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched-resource', mimeType: 'text/plain' },
];

function readResource(uri: string): ReadResourceResult | undefined {
  const mimeType = resources.find((resource) => resource.uri === uri)?.mimeType;
  const id = /^test:\/\/template\/([^/]+)\/data$/u.exec(uri)?.[1];
  if (id !== undefined) {
    const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { contents: [{ uri, mimeType: 'application/json', text }] };
  }
  if (mimeType === undefined) {
    return undefined;
  }
  const content = mimeType === 'image/png' ? { blob: png } : { text: `The content of ${uri}.` };
  return { contents: [{ uri, mimeType, ...content }] };
}

export const conformanceAdditions: Additions = {
  capabilities: { logging: {} },
  tools: Object.entries(toolFixtures).map(([name, { inputSchema }]) => ({
    name,
    description: `Fixture of the conformance suite: ${name}`,
    inputSchema: inputSchema ?? { type: 'object' },
  })),
  prompts: Object.entries(promptFixtures).map(([name, fixture]) => ({
    name,
    description: `Fixture of the conformance suite: ${name}`,
    arguments: fixture.arguments,
  })),
  resources,
  callTool: (name, args, call) => {
    const fixture = toolFixtures[name];
    return fixture && Promise.resolve(fixture.run(args, call));
  },
  getPrompt: (name, args) => {
    const contents = promptFixtures[name]?.render(args);
    return contents && { messages: contents.map((content) => ({ role: 'user', content })) };
  },
  readResource,
};
