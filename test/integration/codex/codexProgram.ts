// The real Codex CLI of this platform, in a process of its own with a home of its own.

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';

const itemSchema = z.looseObject({
  type: z.string(),
  server: z.string().optional(),
  tool: z.string().optional(),
  status: z.string().optional(),
  text: z.string().optional(),
  result: z
    .looseObject({ structured_content: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
});
const eventSchema = z.looseObject({ type: z.string(), item: itemSchema.optional() });
export type CodexItem = z.infer<typeof itemSchema>;

export interface CodexRun {
  readonly exitCode: number | null;
  /** Completed items, in order. */
  readonly items: readonly CodexItem[];
  readonly errors: string;
}

/** Folders of one Codex home. The temporary folder must not hold the home: Codex refuses that. */
export class CodexHome {
  readonly path: string;
  readonly #temporary: string;

  constructor(folder: string) {
    this.path = path.join(folder, 'codex');
    this.#temporary = path.join(folder, 'codex-tmp');
  }

  /** With the model at `modelUrl` as its only one. */
  async create(modelUrl: string): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await mkdir(this.#temporary, { recursive: true });
    await writeFile(path.join(this.path, 'config.toml'), toConfig(modelUrl));
  }

  /** `codex exec` with the prompt; `env` is added to a minimal environment. */
  async exec(
    codex: string,
    args: readonly string[],
    { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  ): Promise<CodexRun> {
    const child = spawn(
      codex,
      ['exec', '--json', '--skip-git-repo-check', '--sandbox', 'read-only', ...args],
      {
        cwd,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          SystemRoot: process.env['SystemRoot'],
          HOME: this.path,
          USERPROFILE: this.path,
          TMPDIR: this.#temporary,
          TEMP: this.#temporary,
          TMP: this.#temporary,
          CODEX_HOME: this.path,
          MODEL_KEY: 'none',
          ...env,
        },
      },
    );
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const items: CodexItem[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const event = eventSchema.parse(JSON.parse(line));
      if (event.type === 'item.completed' && event.item) {
        items.push(event.item);
      }
    }
    return { exitCode: await ended, items, errors };
  }
}

function toConfig(modelUrl: string): string {
  return `# a person's own settings
model = "gpt-5.5"
model_provider = "scripted"
approval_policy = "never"

[model_providers.scripted]
name = "Scripted" # answers as the test says
base_url = "${modelUrl}"
env_key = "MODEL_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`;
}
