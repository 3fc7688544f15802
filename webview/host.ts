// The connection to the editor: a Channel over postMessage, and what the editor keeps for us.

import { createTimeOrderedId } from '../src/base/ids';
import { Channel, type Link } from '../src/protocol/channel';
import type { ViewerEnvelope, ViewerHostMethods, ViewerMethods } from '../src/protocol/viewer';

interface VsCodeApi {
  postMessage(message: ViewerEnvelope): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export type ViewerHost = Pick<Channel<ViewerMethods, ViewerHostMethods>, 'request'>;

/** Outlives the webview: it is loaded anew whenever it becomes visible again. */
export interface ViewerMemory {
  read(): unknown;
  write(state: unknown): void;
}

/** 'page': an exported page, which has no editor that could open, run or write anything. */
export type Place = 'editor' | 'page';

export interface Connection {
  readonly place: Place;
  readonly memory: ViewerMemory;
  /** Epoch ms. In an exported page time stands still. */
  readonly now: () => number;
  /** `methods` answers what the editor asks. */
  connect(methods: ViewerMethods): ViewerHost;
}

export function connectToEditor(): Connection {
  const editor = acquireVsCodeApi();
  return {
    place: 'editor',
    now: Date.now,
    memory: { read: () => editor.getState(), write: (state) => editor.setState(state) },
    connect: (methods) => new Channel(createLink(editor), methods),
  };
}

function createLink(editor: VsCodeApi): Link {
  const load = createTimeOrderedId(Date.now());
  return {
    send: (frame) => editor.postMessage({ load, frame }),
    onMessage: (listener) => {
      window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        if (isEnvelope(data) && data.load === load) {
          listener(data.frame);
        }
      });
    },
    // The window goes away together with everything that waits in it.
    onClose: () => undefined,
  };
}

function isEnvelope(data: unknown): data is ViewerEnvelope {
  return typeof data === 'object' && data !== null && 'load' in data && 'frame' in data;
}
