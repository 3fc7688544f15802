// Backend `daytona`: a Python in a sandbox of Daytona that a session has to itself, on another machine and without
// a network. A sandbox ends with its session; one whose engine is gone stops and is deleted by itself.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted } from '../../../base/abort';
import type { DaytonaAccess } from '../../../core/backendSettings';
import { type RlmError, cancelledError, toRlmError } from '../../../core/errors';
import { type Language, interpreterNames } from '../../../core/sandbox';
import type { WorkerHandle } from '../../workerHandle';
import type { StartControl, WorkerState } from '../../workerPool';
import { createGuestEnvironment, createGuestPayload, terminalProgram } from '../guestPayload';
import { createNetworkProxy } from '../network/createNetworkProxy';
import { toNetworkWall } from '../network/wall';
import { machineTag, ownerOfThisProcess } from '../owner';
import { type Removal, Removals } from '../removals';
import { SupervisedPlace } from '../supervisedPlace';
import { createUnavailable } from '../unavailable';
import { DaytonaApi, type DaytonaSandbox, type SandboxWish } from './daytonaApi';
import { DaytonaError } from './daytonaHttp';
import { daytonaLabels } from './daytonaLabels';
import { isGoingOn, untilStarted } from './daytonaState';
import { LostError, TerminalLink } from './terminalLink';
import { connectTerminal } from './terminalSocket';

/** Idle, which a sandbox is not while its terminal is connected. */
const autoStopMinutes = 15;
const autoDeleteMinutes = 60;
const guestFolder = '/tmp/rlm';
const fileBytes = 512 * 2 ** 20;
const limits = { RLIMIT_CORE: 0, RLIMIT_NOFILE: 1_024, RLIMIT_FSIZE: fileBytes };

/** Beside that of its network. */
export const daytonaWalls: readonly string[] = ['Daytona', 'a machine of its own elsewhere'];

interface Box {
  readonly language: Language;
  readonly api: DaytonaApi;
  readonly sandbox: DaytonaSandbox;
}

export interface DaytonaRequest extends DaytonaAccess {
  readonly snapshot: string | null;
  readonly network: readonly string[];
  readonly sessionId: string | null;
}

export class DaytonaPlaces {
  readonly #bundles: string;
  readonly #removals = new Removals(delay);
  /** By name, what is being made. */
  readonly #starting = new Map<string, DaytonaApi>();

  constructor(bundles: string) {
    this.#bundles = bundles;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE', or 'CANCELLED' as soon as it is: nothing is left there then. */
  async start(
    request: DaytonaRequest,
    control: StartControl & { readonly language: Language },
  ): Promise<WorkerHandle> {
    const { signal, onStage, language } = control;
    const api = new DaytonaApi(request, delay);
    const name = `rlm-${randomUUID()}`;
    this.#starting.set(name, api);
    let isMade = false;
    try {
      onStage('a sandbox is made at Daytona');
      const made = await api.createSandbox(this.#toWish(name, request), signal);
      isMade = true;
      const sandbox = await untilStarted(api, made, control);
      if (!sandbox.networkBlockAll) {
        throw createUnavailable(
          'Daytona made a sandbox whose network is not blocked.',
          'Allow sandboxes without a network in the account’s settings; code that reads your texts gets no network.',
        );
      }
      onStage(`${interpreterNames[language]} starts in Daytona’s sandbox`);
      const opened = this.#open({ api, sandbox, language }, request);
      return await untilAborted(opened, signal, cancelled).catch((thrown: unknown) => {
        opened.then((worker) => worker.dispose()).catch(() => undefined);
        throw thrown;
      });
    } catch (thrown) {
      this.#removals.begin(toRemoval(api, name, !isMade && isUnanswered(thrown)));
      throw signal.aborted ? cancelled() : toUnavailable(thrown, language);
    } finally {
      this.#starting.delete(name);
    }
  }

  #toWish(name: string, { snapshot, sessionId }: DaytonaRequest): SandboxWish {
    const labels = {
      ...daytonaLabels.all,
      [daytonaLabels.owner]: ownerOfThisProcess,
      [daytonaLabels.machine]: machineTag,
      [daytonaLabels.session]: sessionId ?? '',
    };
    return { name, labels, snapshot, autoStopMinutes, autoDeleteMinutes };
  }

  async probe(request: DaytonaRequest): Promise<WorkerState> {
    await new DaytonaApi(request, delay).checkAccess();
    const where = request.target === null ? '' : `, ${request.target}`;
    return {
      detail: `${new URL(request.apiUrl).host}${where}`,
      walls: toWalls(request.network),
      image: request.snapshot,
      imageDigest: null,
    };
  }

  /** Once what is let go of is deleted, or can no longer be. */
  async settle(): Promise<void> {
    this.#starting.forEach((api, name) => this.#removals.begin(toRemoval(api, name, true)));
    await this.#removals.settle();
  }

  async #open(
    { api, sandbox, language }: Box,
    { snapshot, network }: DaytonaRequest,
  ): Promise<WorkerHandle> {
    const toolbox = await api.readToolboxUrl(sandbox);
    const payload = createGuestPayload({
      bundles: this.#bundles,
      language,
      node: 'node',
      folder: `${guestFolder}/work`,
      folders: [],
      environment: createGuestEnvironment(`${guestFolder}/work`, language, network),
      limits,
      processes: 'descendants',
      network: network.length > 0,
    });
    await Promise.all([
      api.upload(toolbox, `${guestFolder}/terminal.py`, terminalProgram),
      api.upload(toolbox, `${guestFolder}/payload.json`, payload.json),
    ]);
    const terminal = randomUUID();
    await api.createTerminal(toolbox, terminal);
    const url = `${toolbox}/process/pty/${terminal}/connect`;
    const process = await TerminalLink.open(
      {
        connect: async (listener) => {
          try {
            return await connectTerminal({ url, headers: api.headers }, listener);
          } catch (thrown) {
            throw (await findLoss(api, sandbox.id)) ?? thrown;
          }
        },
        sleep: (ms) => delay(ms, undefined, { ref: false }),
      },
      Buffer.from(` exec python3 -I -S -B -u ${guestFolder}/terminal.py\n`),
    );
    return SupervisedPlace.open({
      language,
      process,
      payload: null,
      walls: toWalls(network),
      network: createNetworkProxy(network),
      image: sandbox.snapshot ?? snapshot,
      imageDigest: null,
      onDispose: () => this.#removals.begin(toRemoval(api, sandbox.id)),
    });
  }
}

function cancelled(): RlmError {
  return cancelledError('The start of a sandbox');
}

function toRemoval(api: DaytonaApi, idOrName: string, isUnsure = false): Removal {
  return {
    name: idOrName,
    remove: () => api.deleteSandbox(idOrName),
    isUnsure,
    isHopeless: (thrown) => thrown instanceof DaytonaError && isKeyRefused(thrown),
  };
}

/** The key was taken back: it will not be taken later. */
function isKeyRefused({ status }: DaytonaError): boolean {
  return status === 401 || status === 403;
}

/** What was asked for may be done all the same. */
function isUnanswered(thrown: unknown): boolean {
  const status = thrown instanceof DaytonaError ? thrown.status : null;
  return status === null || status >= 500;
}

function toWalls(network: readonly string[]): readonly string[] {
  return [...daytonaWalls, toNetworkWall(network)];
}

/** Why there is nothing to connect to any more; null where it may only be out of reach. */
async function findLoss(api: DaytonaApi, id: string): Promise<LostError | null> {
  try {
    const sandbox = await api.readSandbox(id);
    if (!sandbox) {
      return new LostError('its sandbox was deleted at Daytona');
    }
    const { state } = sandbox;
    return isGoingOn(state) ? null : new LostError(`its sandbox is ${state} at Daytona`);
  } catch {
    return null; // out of reach
  }
}

function toUnavailable(thrown: unknown, language: Language): RlmError {
  const error = toRlmError(thrown);
  return error.code === 'BACKEND_UNAVAILABLE'
    ? error
    : createUnavailable(
        `A sandbox of Daytona was made, but its ${interpreterNames[language]} did not start: ${error.message}`,
        `Its snapshot needs Python 3.11 or later as python3${language === 'python' ? '' : ', and Node.js 18 or later as node'}; name another one (rlm.daytonaSnapshot, RLM_DAYTONA_SNAPSHOT).`,
      );
}
