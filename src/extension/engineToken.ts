// The bearer token of a listener, from its endpoint file. Goes nowhere but into request headers.

import { readFile } from 'node:fs/promises';
import * as z from 'zod';

const endpointSchema = z.object({ token: z.string().min(22) });

export async function readEngineToken(file: string): Promise<string> {
  const endpoint: unknown = JSON.parse(await readFile(file, 'utf8'));
  return endpointSchema.parse(endpoint).token;
}
