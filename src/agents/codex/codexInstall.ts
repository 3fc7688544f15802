// The installed Codex: where it is, which version, and whether it speaks as the driver knows it. Asked of each program
// once, and again when its file has changed.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { AgentProgram } from '../../core/agent/agentDriver';
import { type ProtocolDifferences, checkProtocol } from './checkProtocol';
import { type CodexPlaces, findCodex } from './findCodex';

export type CodexInstall =
  | { readonly kind: 'missing'; readonly detail: string; readonly nextStep: string }
  | {
      readonly kind: 'found';
      readonly program: AgentProgram;
      /** False: it has no app-server, and is run once per turn. */
      readonly hasServer: boolean;
      readonly differences: ProtocolDifferences;
    };

const run = promisify(execFile);
const runMs = 20_000;
const howToInstall =
  'Install it by `npm install -g @openai/codex`, or name its program in the setting rlm.codexPath or in RLM_CODEX.';

export class CodexInstaller {
  readonly #known = new Map<string, Promise<CodexInstall>>();

  constructor(private readonly places: () => CodexPlaces) {}

  /** Never rejects. */
  async read(): Promise<CodexInstall> {
    const places = this.places();
    const found = await findCodex(places);
    if (!found) {
      const named = places.setting ?? places.environment['RLM_CODEX'];
      return {
        kind: 'missing',
        detail: named ? `There is no Codex at ${named}.` : 'Codex is not installed.',
        nextStep: howToInstall,
      };
    }
    const { mtimeMs = 0, size = 0 } = (await stat(found.path).catch(() => null)) ?? {};
    const key = JSON.stringify([found.path, mtimeMs, size]);
    const known = this.#known.get(key);
    if (known) {
      return known;
    }
    const asking = this.#ask(found.path, found.foundBy, places);
    this.#known.set(key, asking);
    const install = await asking;
    if (install.kind === 'missing') {
      this.#known.delete(key);
    }
    return install;
  }

  async #ask(
    program: string,
    foundBy: AgentProgram['foundBy'],
    { environment }: CodexPlaces,
  ): Promise<CodexInstall> {
    const version = await this.#readVersion(program, environment);
    if (version === null) {
      return {
        kind: 'missing',
        detail: `${program} does not say which Codex it is.`,
        nextStep: howToInstall,
      };
    }
    const schema = await readSchema(program, environment);
    return {
      kind: 'found',
      program: { path: program, version, foundBy },
      hasServer: schema !== null,
      differences: schema === null ? { missing: [], unknown: [] } : checkProtocol(schema),
    };
  }

  async #readVersion(program: string, environment: CodexPlaces['environment']) {
    try {
      const { stdout } = await run(program, ['--version'], { timeout: runMs, env: environment });
      return /\b\d{1,9}\.\d{1,9}\.\d{1,9}\S*/u.exec(stdout)?.[0] ?? null;
    } catch {
      return null;
    }
  }
}

/** Null: it gives none, so it has no app-server that the driver could use. */
async function readSchema(
  program: string,
  environment: CodexPlaces['environment'],
): Promise<unknown> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rlm-codex-schema-'));
  try {
    const args = ['app-server', 'generate-json-schema', '--experimental', '--out', folder];
    // A home of its own: it writes there whatever it is asked.
    const env = { ...environment, CODEX_HOME: folder };
    await run(program, args, { timeout: runMs, env });
    const file = path.join(folder, 'codex_app_server_protocol.schemas.json');
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
