// The real Codex over a planned model, as a program of its own: for processes that find it by RLM_CODEX.

import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const wrapperKey = 'sk-planned-wrapped-0123456789';

/** The program's path. Its model is at `modelUrl`. */
export async function writeCodexWrapper(
  folder: string,
  codex: string,
  modelUrl: string,
): Promise<string> {
  const provider = `{name="Planned",base_url="${modelUrl}",env_key="PLANNED_KEY",wire_api="responses",request_max_retries=0,stream_max_retries=1}`;
  const settings = [
    'model="gpt-5.5"',
    'model_provider="planned"',
    `model_providers.planned=${provider}`,
  ].map((setting) => `-c '${setting}'`);
  const file = path.join(folder, 'codex-planned');
  const lines = ['#!/bin/sh', `export PLANNED_KEY=${wrapperKey}`];
  await writeFile(file, [...lines, `exec '${codex}' ${settings.join(' ')} "$@"`, ''].join('\n'));
  await chmod(file, 0o755);
  return file;
}
