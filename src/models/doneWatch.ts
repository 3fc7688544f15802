// Whether an event stream has said `[DONE]`: servers that leave out the reason why an answer ended say so
// at least, and what breaks off does not.

const mark = /(?:^|[\r\n])data: ?\[DONE\]/u;
/** Of what came before, as much as a mark may begin in. */
const keptChars = 16;

/** For a client that has one stream at a time. */
export class DoneWatch {
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  reset(): void {
    this.#isDone = false;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body || !/event-stream/u.test(response.headers.get('content-type') ?? '')) {
      return response;
    }
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(this.#watch()), { status, statusText, headers });
  };

  #watch(): TransformStream<Uint8Array, Uint8Array> {
    let kept = '\n';
    return new TransformStream({
      transform: (bytes, controller) => {
        const text = kept + Buffer.from(bytes).toString('latin1');
        this.#isDone ||= mark.test(text);
        kept = text.slice(-keptChars);
        controller.enqueue(bytes);
      },
    });
  }
}
