// The wall of a place's network, in the words that every view shows.

const shownPatterns = 8;

/** `network: none`, `network: pypi.org, *.pythonhosted.org`. `allowed`: patterns of networkRules.ts. */
export function toNetworkWall(allowed: readonly string[]): string {
  const shown = allowed.slice(0, shownPatterns).join(', ');
  const more = allowed.length - shownPatterns;
  return `network: ${allowed.length === 0 ? 'none' : shown}${more > 0 ? ` and ${more} more` : ''}`;
}
