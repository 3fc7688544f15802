// The connection to a viewer over postMessage. What comes from the webview is checked before a
// Channel sees it; a viewer that was loaded anew takes the place of the one before.

import * as z from 'zod';
import type { Disposable } from '../../base/disposable';
import { toWellFormedJson } from '../../base/wellFormed';
import type { Link } from '../../protocol/channel';
import type { ViewerEnvelope } from '../../protocol/viewer';

/** The part of a webview that carries messages. */
export interface MessagePort {
  postMessage(message: ViewerEnvelope): Thenable<unknown>;
  onDidReceiveMessage(listener: (message: unknown) => void): Disposable;
}

const errorSchema = z.object({ code: z.string(), message: z.string(), nextStep: z.string() });
const frameSchema = z.discriminatedUnion('t', [
  z.object({ t: z.literal('request'), id: z.int(), name: z.string(), params: z.unknown() }),
  z.object({ t: z.literal('result'), id: z.int(), value: z.unknown() }),
  z.object({ t: z.literal('error'), id: z.int(), error: errorSchema }),
  z.object({ t: z.literal('cancel'), id: z.int() }),
]);
const envelopeSchema = z.object({ load: z.string().min(1).max(200), frame: frameSchema });

/** Calls `onLoad` with a link for every load of the viewer, having closed the one before. */
export function acceptViewers(port: MessagePort, onLoad: (link: Link) => void): Disposable {
  let current: ViewerLink | undefined;
  const listening = port.onDidReceiveMessage((message) => {
    const envelope = envelopeSchema.safeParse(message);
    if (!envelope.success) {
      return; // not from our viewer
    }
    const { load, frame } = envelope.data;
    if (current?.load !== load) {
      current?.close('the viewer was loaded again');
      current = new ViewerLink(port, load);
      onLoad(current);
    }
    current.receive(frame);
  });
  return {
    dispose() {
      listening.dispose();
      current?.close('the viewer was closed');
    },
  };
}

class ViewerLink implements Link {
  readonly load: string;
  readonly #port: MessagePort;
  #onMessage: (message: unknown) => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;

  constructor(port: MessagePort, load: string) {
    this.#port = port;
    this.load = load;
  }

  send(frame: unknown): void {
    // A webview that is gone or hidden takes no messages; its next load asks again.
    const message = toWellFormedJson({ load: this.load, frame }).value;
    this.#port.postMessage(message).then(undefined, () => undefined);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#onMessage = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  receive(frame: unknown): void {
    this.#onMessage(frame);
  }

  close(reason: string): void {
    this.#onClose(reason);
  }
}
