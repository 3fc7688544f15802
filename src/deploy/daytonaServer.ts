// A whole server in a sandbox of Daytona: made, brought up to date, taken away. What is in its home outlives an update;
// where a step fails, a new sandbox is deleted, and an old one runs what it ran before.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaytonaAccess } from '../core/backendSettings';
import { RlmError, cancelledError, toRlmError } from '../core/errors';
import { DaytonaApi, type DaytonaSandbox } from '../sandbox/native/daytona/daytonaApi';
import { DaytonaError } from '../sandbox/native/daytona/daytonaHttp';
import { deploymentLabel, toServerLabels } from '../sandbox/native/daytona/daytonaLabels';
import { isGoingOn, untilStarted } from '../sandbox/native/daytona/daytonaState';
import { DaytonaToolbox } from '../sandbox/native/daytona/daytonaToolbox';
import { Removals } from '../sandbox/native/removals';
import type { ServerBundle } from './serverBundle';
import {
  closeScript,
  keepScript,
  parsePrepared,
  prepareScript,
  readScript,
  stopScript,
  tailScript,
  toEnvironmentFile,
  toServeCommand,
  unpackScript,
} from './serverFiles';

const session = 'rlm-server';
const healthTimeoutMs = 60_000;
const probeTimeoutMs = 5_000;
const betweenProbesMs = 300;
/** States from which a sandbox is started again, with its files. */
const restingStates: readonly string[] = ['stopped', 'archived', 'paused'];
const maxStartReads = 40;

export interface DaytonaServerWish {
  /** Of this server, among those of the account. */
  readonly name: string;
  readonly snapshot: string | null;
  readonly port: number;
  readonly isPublic: boolean;
  readonly hasNetwork: boolean;
  /** 0: never. */
  readonly autoStopMinutes: number;
  /** What the server is told beside what is its own. */
  readonly variables: Readonly<Record<string, string>>;
  /** A file of users; null: those that it has, else one with a token that is made. */
  readonly users: Buffer | null;
}

export interface DaytonaServerParts {
  readonly access: DaytonaAccess;
  readonly bundle: ServerBundle;
  /** A file of users with one user, and that user's token. */
  readonly makeUsers: () => Promise<{ readonly file: Buffer; readonly token: string }>;
  readonly say: (step: string) => void;
  readonly signal: AbortSignal;
}

export interface DeployedServer {
  readonly sandboxId: string;
  readonly isNew: boolean;
  /** Of MCP. */
  readonly url: string;
  /** Daytona's, without which a request does not reach the server; null: it is public. */
  readonly previewToken: string | null;
  /** Of its one user, if that was made just now. */
  readonly token: string | null;
}

export interface KnownServer {
  readonly sandboxId: string;
  readonly state: string;
}

/** Null: there is none of that name. @throws RlmError 'BACKEND_UNAVAILABLE' */
export async function findDaytonaServer(
  access: DaytonaAccess,
  name: string,
): Promise<KnownServer | null> {
  const found = await find(new DaytonaApi(access, delay), name);
  return found && { sandboxId: found.id, state: found.state };
}

/** With all that it has kept. Null: there is none of that name. */
export async function removeDaytonaServer(
  access: DaytonaAccess,
  name: string,
): Promise<KnownServer | null> {
  const api = new DaytonaApi(access, delay);
  const found = await find(api, name);
  if (found) {
    await api.deleteSandbox(found.id);
  }
  return found && { sandboxId: found.id, state: found.state };
}

/** @throws RlmError 'BACKEND_UNAVAILABLE' | 'INVALID_INPUT', or 'CANCELLED'. */
export async function deployToDaytona(
  wish: DaytonaServerWish,
  parts: DaytonaServerParts,
): Promise<DeployedServer> {
  return new Deployment(wish, parts).run();
}

class Deployment {
  readonly #wish: DaytonaServerWish;
  readonly #parts: DaytonaServerParts;
  readonly #api: DaytonaApi;

  constructor(wish: DaytonaServerWish, parts: DaytonaServerParts) {
    this.#wish = wish;
    this.#parts = parts;
    this.#api = new DaytonaApi(parts.access, delay);
  }

  async run(): Promise<DeployedServer> {
    const { signal } = this.#parts;
    const environment = toEnvironmentFile(this.#wish.variables);
    const known = await find(this.#api, this.#wish.name);
    try {
      return known
        ? await this.#fill(await this.#wake(known), environment, false)
        : await this.#makeAndFill(environment);
    } catch (thrown) {
      throw signal.aborted ? cancelledError('The deployment') : thrown;
    }
  }

  /** Nothing of it is left when it fails. */
  async #makeAndFill(environment: string): Promise<DeployedServer> {
    const { name, snapshot, autoStopMinutes, isPublic, hasNetwork } = this.#wish;
    const { say, signal } = this.#parts;
    const sandboxName = `rlm-server-${name}`;
    const deployment = randomUUID();
    const labels = { ...toServerLabels(name), [deploymentLabel]: deployment };
    let made: DaytonaSandbox | null = null;
    try {
      say('A sandbox is made.');
      made = await this.#api.createSandbox(
        {
          ...{ name: sandboxName, labels, snapshot },
          ...{ autoStopMinutes, autoDeleteMinutes: -1, isPublic, hasNetwork },
        },
        signal,
      );
      return await this.#fill(await this.#untilStarted(made), environment, true);
    } catch (thrown) {
      const status = thrown instanceof DaytonaError ? thrown.status : null;
      const isUnsure = made === null && (status === null || status >= 500);
      if (made !== null || isUnsure) {
        say('It failed: the sandbox is deleted.');
        const removals = new Removals(delay);
        const id = made?.id;
        const remove = (): Promise<boolean> =>
          id === undefined
            ? this.#deleteUnsure(sandboxName, deployment)
            : this.#api.deleteSandbox(id);
        removals.begin({ name: id ?? sandboxName, remove, isUnsure, isHopeless });
        await removals.settle();
      }
      throw thrown;
    }
  }

  /** False: there is none. What has its name, and was made by another, is let be: then none was made here. */
  async #deleteUnsure(name: string, deployment: string): Promise<boolean> {
    const found = await this.#api.readSandbox(name);
    if (!found) {
      return false;
    }
    return found.labels[deploymentLabel] === deployment ? this.#api.deleteSandbox(found.id) : true;
  }

  async #wake(sandbox: DaytonaSandbox): Promise<DaytonaSandbox> {
    const { say, signal } = this.#parts;
    if (isGoingOn(sandbox.state)) {
      return this.#untilStarted(sandbox);
    }
    if (!restingStates.includes(sandbox.state)) {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        `The sandbox of server ${this.#wish.name} is ${sandbox.state}.`,
        { nextStep: 'Look at it with Daytona; or remove it (--remove --yes), and deploy anew.' },
      );
    }
    say(`The sandbox is ${sandbox.state}: it is started.`);
    let now: DaytonaSandbox | null = await this.#api.startSandbox(sandbox.id, signal);
    for (let reads = 0; now?.state === sandbox.state && reads < maxStartReads; reads += 1) {
      await delay(betweenProbesMs, undefined, { signal });
      now = await this.#api.readSandbox(sandbox.id, signal);
    }
    return this.#untilStarted(now ?? sandbox);
  }

  #untilStarted(sandbox: DaytonaSandbox): Promise<DaytonaSandbox> {
    const { say, signal } = this.#parts;
    return untilStarted(this.#api, sandbox, { signal, onStage: (stage) => say(`${stage}.`) });
  }

  async #fill(
    sandbox: DaytonaSandbox,
    environment: string,
    isNew: boolean,
  ): Promise<DeployedServer> {
    this.#checkUnchanged(sandbox);
    const { say, signal, bundle } = this.#parts;
    const toolbox = new DaytonaToolbox(this.#api, await this.#api.readToolboxUrl(sandbox));
    const asked = await toolbox.run(prepareScript, { signal, isIdempotent: true });
    const folder = parsePrepared(asked.exitCode, asked.result);
    const box = { toolbox, folder, sandbox };
    const [current = '', users = ''] = (await this.#run(box, readScript(folder))).split('\n');
    if (current !== bundle.hash) {
      say(`${bundle.files} files are uploaded (${(bundle.bytes.length / 1e6).toFixed(1)} MB).`);
      await toolbox.upload(`${folder}/app.tar.gz`, bundle.bytes, signal);
      await this.#run(box, unpackScript(folder, bundle.hash));
    }
    const token = await this.#putUsers(box, users === 'users');
    const own = { RLM_HOME: `${folder}/home` };
    await toolbox.upload(`${folder}/server.env`, toEnvironmentFile(own) + environment, signal);
    await this.#run(box, closeScript(folder));
    const previous = /^[0-9a-f]{16}$/u.test(current) ? current : null;
    const preview = await this.#start(box, previous);
    await this.#run(box, keepScript(folder, bundle.hash));
    return {
      sandboxId: sandbox.id,
      isNew,
      url: `${preview.url}/mcp`,
      previewToken: this.#wish.isPublic ? null : preview.token,
      token,
    };
  }

  /** What is set at its making and cannot be changed here is not silently left as it is. */
  #checkUnchanged({ public: isPublic, networkBlockAll }: DaytonaSandbox): void {
    const { name, isPublic: wantsPublic, hasNetwork } = this.#wish;
    const wrong = [
      ...(isPublic === wantsPublic ? [] : [isPublic ? 'public' : 'not public']),
      ...(networkBlockAll === !hasNetwork
        ? []
        : [networkBlockAll ? 'without a network' : 'one with a network']),
    ];
    if (wrong.length > 0) {
      throw new RlmError(
        'INVALID_INPUT',
        `The sandbox of server ${name} is ${wrong.join(' and ')}, and was asked for otherwise.`,
        {
          nextStep:
            'Deploy with --public and --network as it was made with; or remove it (--remove --yes) with all that it has kept, and deploy anew.',
        },
      );
    }
  }

  /** The token of a user that was made. */
  async #putUsers({ toolbox, folder }: Box, hasUsers: boolean): Promise<string | null> {
    const { signal, makeUsers } = this.#parts;
    const { users } = this.#wish;
    if (users === null && hasUsers) {
      return null;
    }
    const made = users === null ? await makeUsers() : { file: users, token: null };
    await toolbox.upload(`${folder}/users.json`, made.file, signal);
    return made.token;
  }

  /** Answers where it is reached. What ran before runs again when this does not get healthy. */
  async #start(box: Box, previous: string | null) {
    const { say, bundle, signal } = this.#parts;
    try {
      return await this.#serve(box, bundle.hash, signal);
    } catch (thrown) {
      if (previous !== null) {
        say('It failed: the server that ran before is started again.');
        const mayTakeMs = AbortSignal.timeout(2 * healthTimeoutMs);
        await this.#serve(box, previous, mayTakeMs).catch(() => undefined); // the first reason counts
      }
      throw thrown;
    }
  }

  async #serve(box: Box, hash: string, signal: AbortSignal) {
    const { toolbox, folder, sandbox } = box;
    const { port } = this.#wish;
    const { say } = this.#parts;
    say('The server is started.');
    await toolbox.run(stopScript(folder), { signal, isIdempotent: true });
    await toolbox.startIn(session, toServeCommand(folder, hash, port), signal);
    const preview = await this.#api.readPreview(sandbox.id, port);
    const until = performance.now() + healthTimeoutMs;
    for (;;) {
      const fault = await probe(preview, signal);
      if (fault === null) {
        return preview;
      }
      if (performance.now() > until || !(await this.#isRunning(box, signal))) {
        const { result } = await toolbox.run(tailScript(folder), { signal, isIdempotent: true });
        throw new RlmError(
          'BACKEND_UNAVAILABLE',
          `The server in the sandbox did not get ready (${fault}): ${result.trim().slice(-1_000)}`,
          { nextStep: 'Mend what its log says, then deploy again.' },
        );
      }
      await delay(betweenProbesMs, undefined, { signal });
    }
  }

  async #isRunning({ toolbox, folder }: Box, signal: AbortSignal): Promise<boolean> {
    const script = `cd ${folder} && i=0; while test ! -s server.pid; do i=$((i+1)); test $i -gt 50 && exit 1; sleep 0.1; done; kill -0 $(cat server.pid)`;
    return (await toolbox.run(script, { signal, isIdempotent: true })).exitCode === 0;
  }

  async #run({ toolbox }: Pick<Box, 'toolbox'>, script: string): Promise<string> {
    const { signal } = this.#parts;
    const { exitCode, result } = await toolbox.run(script, { signal, isIdempotent: true });
    if (exitCode !== 0) {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        `A command in the sandbox ended with code ${exitCode}: ${result.trim().slice(0, 500)}`,
        { nextStep: 'Look whether its disk is full; then deploy again.' },
      );
    }
    return result.trim();
  }
}

interface Box {
  readonly toolbox: DaytonaToolbox;
  readonly folder: string;
  readonly sandbox: DaytonaSandbox;
}

async function find(api: DaytonaApi, name: string): Promise<DaytonaSandbox | null> {
  const found = await api.listSandboxes(toServerLabels(name));
  const [first = null, ...others] = found.filter(({ state }) => !/^destroy/u.test(state));
  if (others.length > 0) {
    throw new RlmError(
      'BACKEND_UNAVAILABLE',
      `There are ${others.length + 1} sandboxes of a server ${name} at Daytona: ${found.map(({ id }) => id).join(', ')}.`,
      { nextStep: 'Delete all but one of them with Daytona, or choose another --name.' },
    );
  }
  return first;
}

/** As a client calls it: through Daytona. Null: it is ready. */
async function probe(
  { url, token }: { readonly url: string; readonly token: string },
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const response = await fetch(`${url}/readyz`, {
      redirect: 'manual',
      headers: { 'x-daytona-preview-token': token },
      signal: AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]),
    });
    await response.body?.cancel();
    return response.status === 200 ? null : `it answers ${response.status}`;
  } catch (thrown) {
    if (signal.aborted) {
      throw thrown;
    }
    return toRlmError(thrown).message;
  }
}

function isHopeless(thrown: unknown): boolean {
  return thrown instanceof DaytonaError && (thrown.status === 401 || thrown.status === 403);
}
