// To which addresses a key may be sent.

import { createUnavailable } from '../unavailable';

/** Without a slash at its end. @throws RlmError 'BACKEND_UNAVAILABLE' for what is not encrypted and leaves this machine. */
export function checkDaytonaUrl(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/u.test(url?.hostname ?? '');
  const isAllowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback);
  const isPlain = url?.username === '' && url.password === '' && url.search === '';
  if (!url || !isAllowed || !isPlain) {
    throw createUnavailable(
      `${name} is no address that a key may be sent to: it must begin with https:// and hold no name, password or query.`,
      'Set DAYTONA_API_URL (rlm.daytonaApiUrl) to such an address, or leave it out for https://app.daytona.io/api.',
    );
  }
  let { href } = url;
  while (href.endsWith('/')) {
    href = href.slice(0, -1);
  }
  return href;
}
