// What an agent run may do. A child's never exceed its parent's, and a call never exceeds its profile. Pure.

export const isolations = ['folder', 'worktree', 'container'] as const;
/** `folder`: where it was asked to work; `worktree`: a git worktree of it; `container`: such a worktree, in a container without a network. */
export type Isolation = (typeof isolations)[number];

/** From the least to the most. */
export const sandboxModes = ['read-only', 'workspace-write', 'danger-full-access'] as const;
export type SandboxMode = (typeof sandboxModes)[number];

/** From the one that asks most to the one that asks least. `never`: what would need a question is refused. */
export const approvalModes = ['untrusted', 'on-request', 'never'] as const;
export type ApprovalMode = (typeof approvalModes)[number];

export interface Permissions {
  readonly sandbox: SandboxMode;
  readonly approvals: ApprovalMode;
  readonly network: boolean;
  /** Globs below the workspace that it may change; empty: all. */
  readonly write: readonly string[];
  /** Globs below the workspace that it must neither read nor change. */
  readonly deny: readonly string[];
  /** Profiles whose agents it may spawn; empty: none. */
  readonly maySpawn: readonly string[];
}
