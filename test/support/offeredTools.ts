// The tools of an engine that has no agents: where Codex is not installed, or its users share the machine.

import { tools } from '../../src/mcp/toolList';

export const toolsWithoutAgents = tools.filter(({ set }) => set !== 'agents');
