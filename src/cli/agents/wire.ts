// What the commands about agents read of the tools' results.

import * as z from 'zod';
import { agentStatuses } from '../../core/agent/agentState';

const status = z.enum(agentStatuses);

export const spawned = z.object({
  session_id: z.string(),
  status,
  branch: z.string().nullable().default(null), // a message tells neither
  workspace: z.string().nullable().default(null), // a message tells neither
});
export const answered = z.object({ session_id: z.string(), status, waiting_for: z.number() });
export const terminated = z.object({
  session_id: z.string(),
  status,
  left_behind: z.array(z.string()),
});
