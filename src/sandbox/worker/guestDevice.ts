// The device /dev/rlm of a Python guest. To the guest: frames of a 16-character decimal length and
// JSON; the raw bytes of a reply, or of the short texts of a 'load', follow. From the guest: each write is one
// message of JSON, and untrusted, or 'fill' and the address of a string for the next long text, or 'room'
// for a little more memory when all is used up, or 'look' and the address of a value, whose hashes can be read
// then, or one of the requests to PythonWatch. A message leaves when the guest waits for its answer. What leaves from
// other frames than the runner's own is a call, whatever it says.

import type { FileAnswer } from '../../core/sandboxFiles';
import type { FilesMessage, ToWorker } from '../../protocol/worker';
import type { MessagePump } from './messagePump';
import type { OpenedMessage, PythonTexts } from './pythonTexts';
import type { PythonWatch } from './pythonWatch';

const headerBytes = 16;
/** More than a step may answer with. */
const maxMessageBytes = 64 * 1024 * 1024;
const wordsRequest = /^words (\d{1,10}) (\d{1,10})$/;
const addressRequest = /^(fill|look) (\d{1,10})$/;
const roomRequest = 'room';
const sameRequest = 'same';
const beginRequest = 'begin';
const markRequest = 'mark';
const hooksRequest = 'hooks ';
const watchRequest = 'watch ';
const brace = '{'.charCodeAt(0); // messages begin with it, requests do not
const changedRunner =
  'the code changed the functions and the state that keep the record of its variables, so what they would say can no longer be trusted';

export type Written = 'taken' | 'too-large' | 'refused';

export interface GuestDevice {
  /** Fills `target`; blocks until the host answers. Returns the bytes written, 0 when nothing was asked. */
  read(target: Uint8Array): number;
  /** Takes one message in place of one that was not yet sent, or fills a string at once. */
  write(bytes: Uint8Array): Written;
}

interface GuestDeviceParts {
  readonly pump: MessagePump;
  readonly texts: PythonTexts;
  readonly onMessage: (message: ToWorker) => void;
  /** Answers what is not for the guest: it waits meanwhile, and does not hear of it. */
  readonly onFiles: (message: FilesMessage) => FileAnswer;
  /** More memory than the code may use, within bounds that the code can reach too. */
  readonly giveRoom: () => void;
  /** The characters of a text of a context begin there. */
  readonly addLoaded: (address: number) => void;
  /** What `contents.py` reads of a value. */
  readonly lookAt: (address: number) => string;
  /** Of the words of a value behind its head: eight digits. */
  readonly hashWords: (address: number, bytes: number) => string;
  readonly watch: Pick<
    PythonWatch,
    'watch' | 'isSame' | 'showHooks' | 'mark' | 'begin' | 'answers'
  >;
}

export function createGuestDevice({
  pump,
  texts,
  onMessage,
  onFiles,
  giveRoom,
  addLoaded,
  lookAt,
  hashWords,
  watch,
}: GuestDeviceParts): GuestDevice {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  /** What the guest has yet to read, first last. */
  let toGuest: Uint8Array[] = [];
  let unsent: Uint8Array | null = null;

  const exchange = (asked: Uint8Array): void => {
    const json = decoder.decode(asked);
    pump.send(watch.answers() ? json : toCall(json));
    let message = pump.receive();
    while (message.kind === 'files') {
      const answer = onFiles(message);
      pump.send(JSON.stringify({ kind: 'filed', id: message.id, answer }));
      message = pump.receive();
    }
    onMessage(message);
    const { told, raw } = message.kind === 'load' ? texts.open(message) : splitBytes(message);
    const body = encoder.encode(JSON.stringify(told));
    const header = encoder.encode(String(body.length).padStart(headerBytes));
    toGuest = [header, body, ...raw].filter((part) => part.length > 0).reverse();
  };

  const answer = (text: string): Written => {
    toGuest = [encoder.encode(text)];
    return 'taken';
  };

  const endWorker = (): never => {
    pump.send(JSON.stringify({ kind: 'broken', message: changedRunner }));
    for (;;) {
      pump.receive(); // until the worker is ended
    }
  };

  /** Null for what is no request. */
  const take = (bytes: Uint8Array): Written | null => {
    const request = decoder.decode(bytes);
    const [, what, address] = addressRequest.exec(request) ?? [];
    if (request === sameRequest) {
      return answer(watch.isSame() ? '1' : '0');
    }
    if (what === 'look') {
      return answer(lookAt(Number(address)));
    }
    const [, start, size] = wordsRequest.exec(request) ?? [];
    if (start !== undefined) {
      return answer(hashWords(Number(start), Number(size)));
    }
    if (what === 'fill') {
      const isFilled = texts.fill(Number(address));
      if (isFilled) {
        addLoaded(Number(address));
      }
      return isFilled ? 'taken' : 'refused';
    }
    if (request.startsWith(watchRequest)) {
      return answer(watch.watch(request.slice(watchRequest.length)) ? '1' : '0');
    }
    if (request.startsWith(hooksRequest)) {
      watch.showHooks(request.slice(hooksRequest.length));
      return 'taken';
    }
    switch (request) {
      case beginRequest:
        return watch.begin() ? 'taken' : endWorker();
      case markRequest:
        watch.mark();
        return 'taken';
      case roomRequest:
        giveRoom();
        return 'taken';
      default:
        return null;
    }
  };

  return {
    read(target) {
      if (toGuest.length === 0 && unsent !== null) {
        const asked = unsent;
        unsent = null;
        exchange(asked);
      }
      const first = toGuest.pop();
      if (first === undefined) {
        return 0;
      }
      const part = first.subarray(0, target.length);
      target.set(part);
      if (part.length < first.length) {
        toGuest.push(first.subarray(part.length));
      }
      return part.length;
    },
    write(bytes) {
      if (bytes.length > maxMessageBytes) {
        return 'too-large';
      }
      const taken = bytes[0] === brace ? null : take(bytes);
      if (taken !== null) {
        return taken;
      }
      unsent = bytes.slice();
      // What an interrupted call or an aborted load left behind belongs to nobody.
      toGuest = [];
      texts.abandon();
      return 'taken';
    },
  };
}

/** Bytes of a reply follow it; what is told has their length. */
function splitBytes(message: Exclude<ToWorker, { kind: 'load' | 'files' }>): OpenedMessage {
  if (!('bytes' in message) || message.bytes === undefined) {
    return { told: message, raw: [] };
  }
  const { bytes, ...rest } = message;
  return { told: { ...rest, byteLength: bytes.length }, raw: [bytes] };
}

/** The last of several members of a name is the one that counts. */
function toCall(json: string): string {
  const kind = json.startsWith('{"kind": "broken"') ? 'broken' : 'call';
  return json.endsWith('}')
    ? `${json.slice(0, -1)}, "kind": "${kind}"}`
    : JSON.stringify({ kind: 'broken', message: 'the code sent what is no call' });
}
