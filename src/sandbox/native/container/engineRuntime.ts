// A container server of this machine, by its API: what it is, its images, and what earlier engines left there.

import * as z from 'zod';
import { readUniqueOwner } from '../owner';
import type { PlaceProcess } from '../placeProcess';
import { createUnavailable } from '../unavailable';
import type { EngineApi } from './engineApi';
import { startEngineContainer } from './engineContainer';
import { type ContainerOptions, containerLabel } from './hardening';

const anything = z.unknown();
const versionSchema = z.object({
  Version: z.string().max(100),
  Components: z.array(z.object({ Name: z.string().max(100) })).default([]),
});
const listSchema = z.array(
  z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullable() }),
);

export class EngineRuntime {
  readonly name: string;
  /** As it was named. */
  readonly file: string;
  readonly #api: EngineApi;

  private constructor(api: EngineApi, file: string, name: string) {
    this.#api = api;
    this.file = file;
    this.name = name;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE' when it does not answer. */
  static async connect(api: EngineApi, file: string): Promise<EngineRuntime> {
    try {
      const { Version, Components } = await api.call('GET', '/version', versionSchema);
      const isPodman = Components.some(({ Name }) => Name.startsWith('Podman'));
      return new EngineRuntime(
        api,
        file,
        `${isPodman ? 'podman' : 'docker'} ${Version}, by its API`,
      );
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw createUnavailable(
        `The container server at ${file} does not answer: ${why.slice(0, 300)}.`,
        'Start it (podman system service --time 0, or docker), or name another in RLM_SANDBOX_CONTAINER_RUNTIME (rlm.runtime).',
      );
    }
  }

  async readImageId(image: string): Promise<string> {
    const schema = z.object({ Id: z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/u) });
    const found = await this.#api
      .call('GET', `/images/${encodeURIComponent(image)}/json`, schema)
      .catch(() => null);
    if (!found) {
      throw createUnavailable(
        `There is no image ${image} at ${this.file}; none is fetched without being asked for.`,
        `Get it there: podman or docker pull ${image}; or build deploy/sandbox.Dockerfile.`,
      );
    }
    return found.Id.startsWith('sha256:') ? found.Id : `sha256:${found.Id}`;
  }

  start(options: ContainerOptions): Promise<PlaceProcess> {
    return startEngineContainer(this.#api, options);
  }

  async removeOrphans(): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ label: [containerLabel] }));
    const found = await this.#api
      .call('GET', `/containers/json?all=1&filters=${filters}`, listSchema)
      .catch(() => []);
    for (const { Id, Labels } of found) {
      if (readUniqueOwner(Labels?.[containerLabel] ?? '') === 'gone') {
        await this.remove(Id);
      }
    }
  }

  async remove(idOrName: string): Promise<void> {
    const path = `/containers/${encodeURIComponent(idOrName)}`;
    await this.#api.call('POST', `${path}/kill`, anything).catch(() => undefined); // it has ended
    await this.#api.call('DELETE', `${path}?force=1`, anything).catch(() => undefined); // gone by itself
  }
}
