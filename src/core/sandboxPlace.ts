// Where a session's code runs, in words that every surface shares.

import type { Language, SandboxPlace } from './sandbox';

/** `wasm`, `local`, `container python:3.12-slim`, `wasm instead of local`. */
export function toPlaceName({ backend, image, fallback }: SandboxPlace): string {
  const name = image === null ? backend : `${backend} ${image}`;
  return fallback === null ? name : `${name} instead of ${fallback.from}`;
}

/** What its caller must know of a session that runs elsewhere than was asked for; empty: nothing. */
export function toFallbackWarnings({ backend, fallback }: SandboxPlace): readonly string[] {
  return fallback === null
    ? []
    : [
        `The code runs in backend ${backend}, as the user’s settings allow: ${fallback.from} was asked for and could not be had. ${fallback.reason}`,
      ];
}

/** Whether its code has files there: of WebAssembly's engines only that of Python has. An agent run has no sandbox. */
export function hasFiles({
  language,
  sandbox,
}: {
  readonly language: Language | null;
  readonly sandbox: SandboxPlace | null;
}): boolean {
  return sandbox !== null && (language === 'python' || sandbox.backend !== 'wasm');
}
