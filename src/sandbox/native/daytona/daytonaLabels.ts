// By which labels sandboxes at Daytona are known to be ours.

export const daytonaLabels = {
  /** Every one of ours has it. */
  all: { 'rlm-companion': 'session' },
  /** Machine and process: see owner.ts. */
  owner: 'rlm-companion.owner',
  /** Among whose processes that is. */
  machine: 'rlm-companion.machine',
  session: 'rlm-companion.session',
} as const;

/** Of a sandbox that a whole server runs in, by its name; none of those above. */
export function toServerLabels(name: string): Readonly<Record<string, string>> {
  return { 'rlm-companion': 'server', 'rlm-companion.server': name };
}

/** Of the deployment that asked for a sandbox: a name alone may be another's. */
export const deploymentLabel = 'rlm-companion.deployment';
