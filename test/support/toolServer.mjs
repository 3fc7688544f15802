// A small MCP server over stdio with two tools: `add`, and `change`, which says that it changes something.

import { createInterface } from 'node:readline';

const number = { type: 'number' };
const tools = [
  {
    name: 'add',
    description: 'Adds two numbers.',
    inputSchema: { type: 'object', properties: { a: number, b: number }, required: ['a', 'b'] },
    annotations: { readOnlyHint: true },
  },
  {
    name: 'change',
    description: 'Changes something.',
    inputSchema: { type: 'object', properties: {} },
    annotations: { readOnlyHint: false, destructiveHint: true },
  },
];

function answer({ method, params }) {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'tools', version: '1' },
      };
    case 'tools/list':
      return { tools };
    case 'tools/call': {
      const { name, arguments: given } = params;
      const text = name === 'add' ? String(given.a + given.b) : `changed by ${process.env.WHO}`;
      return { content: [{ type: 'text', text }] };
    }
    default:
      return {};
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.id !== undefined && message.method !== undefined) {
    const reply = { jsonrpc: '2.0', id: message.id, result: answer(message) };
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
