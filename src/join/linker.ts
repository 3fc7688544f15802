// Chooses the server a client is linked to: a running engine that answers, else one in this process.

import type { JoinableEngine } from './joinableEngines';
import { Link, type LinkEnd, type LinkEvents } from './link';

export interface LinkerParts {
  /** Engines that may be joined, the preferred one first. */
  readonly findEngines: () => Promise<readonly JoinableEngine[]>;
  readonly connect: (engine: JoinableEngine) => LinkEnd;
  /** A server in this process. */
  readonly openLocal: () => Promise<LinkEnd>;
  readonly log: (line: string) => void;
}

/** Brings a link into service; throws when its server is not fit for it. */
export type Greet = (link: Link, signal: AbortSignal) => Promise<void>;

/** An engine answers an `initialize` in milliseconds, except while its host starts up. */
const greetMs = 5_000;

export class Linker {
  readonly #parts: LinkerParts;
  readonly #events: LinkEvents;
  readonly #passedOver = new Set<string>();

  constructor(parts: LinkerParts, events: LinkEvents) {
    this.#parts = parts;
    this.#events = events;
  }

  /** The first engine that can be joined, or null. Engines that failed once are not tried again. */
  async join(greet: Greet, signal: AbortSignal): Promise<Link | null> {
    for (const engine of await this.#parts.findEngines()) {
      if (signal.aborted || this.#passedOver.has(engine.engineId)) {
        continue;
      }
      const label = `the engine of process ${engine.pid} at ${engine.url.origin}`;
      const link = new Link(
        { label, engineId: engine.engineId },
        this.#parts.connect(engine),
        this.#events,
      );
      try {
        await greet(link, AbortSignal.any([signal, AbortSignal.timeout(greetMs)]));
        if (link.isLost) {
          throw new Error('it broke off');
        }
        this.#parts.log(`Joined ${label}.`);
        return link;
      } catch (error) {
        await link.drop();
        const reason = error instanceof Error ? error.message : String(error);
        this.passOver(engine.engineId);
        this.#parts.log(`Not joined: ${label}: ${reason}.`);
      }
    }
    return null;
  }

  /** @throws what `openLocal` and `greet` throw. */
  async stayAlone(greet: Greet, signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted();
    const link = new Link(
      { label: 'the engine in this process', engineId: null },
      await this.#parts.openLocal(),
      this.#events,
    );
    await greet(link, signal);
    return link;
  }

  /** Such an engine is not joined again. */
  passOver(engineId: string): void {
    this.#passedOver.add(engineId);
  }
}
