/** Undefined where there is none. */
export function findBrowser(): string | undefined;
