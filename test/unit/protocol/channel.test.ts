import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import { Channel, createLinkedPair, type Link } from '../../../src/protocol/channel';

type Server = {
  double(params: { readonly n: number }): Promise<number>;
  fail(params: null): Promise<never>;
  wait(params: null, signal: AbortSignal): Promise<string>;
};
type Nothing = Record<never, never>;

function connect(methods: Server): Channel<Nothing, Server> {
  const [near, far] = createLinkedPair();
  new Channel<Server, Nothing>(far, methods);
  return new Channel<Nothing, Server>(near, {});
}

const methods: Server = {
  double: async ({ n }) => n * 2,
  fail: async () => {
    throw new RlmError('VAR_NOT_FOUND', 'no such thing', { nextStep: 'Look again.' });
  },
  wait: (_params, signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve('cancelled'))),
};

describe('channel', () => {
  it('answers requests, many at once', async () => {
    const channel = connect(methods);
    const answers = await Promise.all([1, 2, 3].map((n) => channel.request('double', { n })));
    assert.deepStrictEqual(answers, [2, 4, 6]);
  });

  it('carries an error with its code, message and next step', async () => {
    const error: unknown = await connect(methods)
      .request('fail', null)
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RlmError);
    assert.deepStrictEqual(
      [error.code, error.message, error.nextStep],
      ['VAR_NOT_FOUND', 'no such thing', 'Look again.'],
    );
  });

  it('tells the other side of a cancellation and settles by its answer', async () => {
    const controller = new AbortController();
    const answer = connect(methods).request('wait', null, controller.signal);
    setImmediate(() => controller.abort());
    assert.equal(await answer, 'cancelled');
  });

  it('rejects what is pending when the link closes, and everything after', async () => {
    let close: (reason: string) => void = () => undefined;
    const link: Link = {
      send: () => undefined,
      onMessage: () => undefined,
      onClose: (listener) => {
        close = listener;
      },
    };
    const channel = new Channel<Nothing, Server>(link, {});
    const pending = channel.request('double', { n: 1 });
    close('it crashed');
    await assert.rejects(pending, /it crashed/u);
    await assert.rejects(channel.request('double', { n: 1 }), /it crashed/u);
  });

  it('answers no name that is not its own', async () => {
    const channel = connect(methods) as unknown as Channel<Nothing, { toString(): Promise<void> }>; // a hostile name
    await assert.rejects(channel.request('toString', undefined), /No method toString/u);
  });
});
