// A running sandbox server as the engine holds it: in a process of its own (forkedHost.ts) or in this one (localHost.ts).

import type { HostCall } from '../core/sandbox';
import type { Channel } from '../protocol/channel';
import type { ContextFeed } from '../protocol/contextFeed';
import type { EngineMethods, ProcessMethods } from '../protocol/sandboxProcess';

/** What a server asks and tells of one of its sandboxes. */
interface HostedSandbox {
  answerCall(call: HostCall, signal: AbortSignal): Promise<unknown>;
  /** Where its start is, in words for people. */
  tellStage(stage: string): void;
  /** The server, or the sandbox's worker, is gone. */
  die(reason: string): void;
}

/** A running server, in a process of its own or in this one. */
export interface SandboxHost {
  readonly placement: 'process' | 'engine';
  readonly walls: readonly string[];
  /** The same as a record names them: without folders of this machine. */
  readonly wallNames: readonly string[];
  readonly channel: Channel<EngineMethods, ProcessMethods>;
  readonly feed: ContextFeed;
  readonly sandboxes: Map<number, HostedSandbox>;
  /** Keeps this process open while a request is under way. */
  hold(): void;
  release(): void;
  isHeld(): boolean;
  stop(): void;
}

export function createEngineMethods(sandboxes: ReadonlyMap<number, HostedSandbox>): EngineMethods {
  return {
    call: async ({ sandboxId, name, args }, signal) => {
      const sandbox = sandboxes.get(sandboxId);
      return sandbox?.answerCall({ name, args }, signal);
    },
    opening: ({ sandboxId, stage }) => sandboxes.get(sandboxId)?.tellStage(stage),
    died: ({ sandboxId, reason }) => sandboxes.get(sandboxId)?.die(reason),
  };
}

/** As a record names them: without folders of this machine. */
export function toWallNames(walls: readonly string[]): readonly string[] {
  return ['WebAssembly', ...walls.map((wall) => wall.split('=')[0] ?? wall)];
}
