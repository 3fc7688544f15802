// Part of a run that will ask its caller: the caller is told of other prompts once this one has asked, or has ended.

import type { Disposable } from '../base/disposable';
import type { AskClient, ModelClient } from './model';

export interface ExpectedClient extends Disposable {
  readonly client: ModelClient | null;
}

export function expectFirstAsk(given: ModelClient | null): ExpectedClient {
  const expected = given?.expectAsk?.();
  if (!given || !expected) {
    return { client: given, dispose: () => undefined };
  }
  const wrap = (ask: AskClient | null): AskClient | null =>
    ask &&
    ((request, signal) => {
      const answering = ask(request, signal); // its prompt waits now
      expected.dispose();
      return answering;
    });
  return {
    client: { ...given, ask: wrap(given.ask), sample: wrap(given.sample) },
    dispose: () => expected.dispose(),
  };
}
