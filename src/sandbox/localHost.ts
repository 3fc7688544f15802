// A sandbox server in the engine's own process, where none can be forked.

import { Channel, createLinkedPair } from '../protocol/channel';
import type { EngineMethods, ProcessMethods } from '../protocol/sandboxProcess';
import { type SandboxHost, createEngineMethods, toWallNames } from './sandboxHost';
import { SandboxServer } from './sandboxServer';
import { createThreadSource } from './threadWorker';

export function createLocalHost(folder: string): SandboxHost {
  const [engineEnd, serverEnd] = createLinkedPair();
  const server = new SandboxServer(serverEnd, folder, createThreadSource(folder));
  const sandboxes: SandboxHost['sandboxes'] = new Map();
  const channel = new Channel<EngineMethods, ProcessMethods>(
    engineEnd,
    createEngineMethods(sandboxes),
  );
  let keepAlive: NodeJS.Timeout | undefined;
  let holders = 0;
  return {
    placement: 'engine',
    walls: [],
    wallNames: toWallNames([]),
    channel,
    feed: server.inbox,
    sandboxes,
    hold: () => {
      holders += 1;
      keepAlive ??= setInterval(() => undefined, 60_000);
    },
    release: () => {
      holders -= 1;
      if (holders === 0) {
        clearInterval(keepAlive);
        keepAlive = undefined;
      }
    },
    isHeld: () => holders > 0,
    stop: () => {
      server.dispose();
      channel.dispose();
    },
  };
}
