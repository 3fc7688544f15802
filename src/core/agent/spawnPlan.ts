// What a new run is to be: its profile, narrowed by the call and by its parent. Nothing here widens anything. Pure.

import { toOneLine } from '../../base/text';
import { RlmError } from '../errors';
import type { AgentInfo, AgentLimits } from './agentEvent';
import {
  type ApprovalMode,
  approvalModes,
  type Isolation,
  isolations,
  type Permissions,
  type SandboxMode,
  sandboxModes,
} from './permissions';
import { PathRules } from './pathRules';
import type { Profile } from './profile';

export interface SpawnRequest {
  readonly profileId: string;
  /** What to do. */
  readonly task: string;
  readonly goals: readonly string[];
  /** Texts or paths, by the names that the task calls them. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Absolute; null: the parent's, else the engine's own folder. */
  readonly folder: string | null;
  readonly isolation: Isolation | null;
  readonly flags: SpawnFlags;
  readonly limits: Partial<AgentLimits>;
  readonly title: string | null;
}

/** Only narrowing: what is more than the profile allows is refused, and named. */
export interface SpawnFlags {
  readonly model: string | null;
  readonly sandbox: SandboxMode | null;
  readonly approvals: ApprovalMode | null;
  readonly network: boolean | null;
}

/** The run whose agent asks for a new one. */
export interface AgentParent {
  readonly sessionId: string;
  readonly info: AgentInfo;
  readonly depth: number;
  /** What is left of each of its limits. */
  readonly left: Omit<AgentLimits, 'depth' | 'idleMs'>;
}

export interface SpawnPlan {
  readonly info: Omit<AgentInfo, 'isolation' | 'folder'>;
  /** Null: a worktree where there is a repository, else the folder. */
  readonly isolation: Isolation | null;
  readonly title: string;
}

/**
 * @throws RlmError 'INVALID_INPUT' for what exceeds the profile, 'GUARDRAIL_STOPPED' for what the parent may not do or
 * has nothing left of.
 */
export function planSpawn(
  request: SpawnRequest,
  profile: Profile,
  parent: AgentParent | null,
): SpawnPlan {
  if (parent) {
    checkParent(profile, parent);
  }
  const permissions = toPermissions(request.flags, profile, parent);
  const limits = toLimits(request.limits, profile, parent);
  return {
    title: toOneLine(request.title ?? request.task, 200) || profile.title,
    isolation: toIsolation(request.isolation, profile, { parent, sandbox: permissions.sandbox }),
    info: {
      profileId: profile.id,
      profileTitle: profile.title,
      profileHash: profile.hash,
      task: request.task,
      goals: [...profile.goalset, ...request.goals],
      model: request.flags.model ?? profile.model,
      permissions,
      limits,
      checklist: profile.checklist.map(({ id, description }) => ({ id, description })),
    },
  };
}

function checkParent(profile: Profile, { info, left }: AgentParent): void {
  if (!info.permissions.maySpawn.includes(profile.id)) {
    const may = info.permissions.maySpawn.join(', ');
    throw refused(
      `Agents of profile ${info.profileId} may not spawn agents of profile ${profile.id}.`,
      may === '' ? 'Do it yourself: this profile spawns no agents.' : `Spawn one of: ${may}.`,
    );
  }
  if (info.limits.depth < 1) {
    throw refused(
      'The limit depth leaves no room for a child.',
      'Do it yourself, or ask the person for more depth.',
    );
  }
  if (left.children < 1) {
    throw refused(
      'The limit children is used up.',
      'Do it yourself, or ask the person for more children.',
    );
  }
}

function toPermissions(
  flags: SpawnFlags,
  profile: Profile,
  parent: AgentParent | null,
): Permissions {
  const above = parent?.info.permissions ?? null;
  return {
    sandbox: toNarrower('sandbox', sandboxModes, {
      asked: flags.sandbox,
      allowed: profile.sandbox,
      parents: above?.sandbox ?? null,
    }),
    approvals: toNarrower('approvals', approvalModes, {
      asked: flags.approvals,
      allowed: profile.approvals.mode,
      parents: above?.approvals ?? null,
    }),
    network: toNetwork(flags.network, profile, above),
    write: above ? toWrite(profile.workspace.write, above.write) : profile.workspace.write,
    deny: above ? toDeny(profile.workspace.deny, above.deny) : profile.workspace.deny,
    maySpawn: profile.maySpawn.filter((id) => above?.maySpawn.includes(id) ?? true),
  };
}

/** What either denies; where they differ, what one takes back with `!` does not take back what the other denies. */
function toDeny(own: readonly string[], parents: readonly string[]): readonly string[] {
  const all = [...new Set([...own, ...parents])];
  return own.join('\n') === parents.join('\n') ? own : all.filter((glob) => !glob.startsWith('!'));
}

/**
 * What both may change. A glob is kept where the other list has it too, or where it names one folder or file that the
 * other list is about; what either takes back with `!` is taken back.
 */
function toWrite(own: readonly string[], parents: readonly string[]): readonly string[] {
  if (own.length === 0 || parents.length === 0) {
    return own.length === 0 ? parents : own;
  }
  if (own.join('\n') === parents.join('\n')) {
    return own;
  }
  const kept = new Set([...toCovered(own, parents), ...toCovered(parents, own)]);
  if (kept.size === 0) {
    throw refused(
      `It could change no file: its profile lets it change ${own.join(', ')}, and its parent ${parents.join(', ')}.`,
      'Do it yourself, or spawn an agent of another profile.',
    );
  }
  return [...kept, ...new Set([...own, ...parents].filter((glob) => glob.startsWith('!')))];
}

function toCovered(globs: readonly string[], others: readonly string[]): readonly string[] {
  const rules = new PathRules(others);
  return globs.filter((glob) => {
    const isPlain = !/[*?[\]\\!]/u.test(glob) && /\/./u.test(glob); // one path from the folder on
    return !glob.startsWith('!') && (others.includes(glob) || (isPlain && rules.matches(glob)));
  });
}

/** `order`: from the least allowed to the most. The parent's narrows in silence, as no one asked for more. */
function toNarrower<T extends string>(
  name: string,
  order: readonly T[],
  {
    asked,
    allowed,
    parents,
  }: { readonly asked: T | null; readonly allowed: T; readonly parents: T | null },
): T {
  if (asked !== null && order.indexOf(asked) > order.indexOf(allowed)) {
    throw exceeds(`${name} ${asked}`, `${name} ${allowed}`);
  }
  const own = asked ?? allowed;
  return parents !== null && order.indexOf(parents) < order.indexOf(own) ? parents : own;
}

function toNetwork(asked: boolean | null, profile: Profile, above: Permissions | null): boolean {
  if (asked === true && !profile.network) {
    throw exceeds('network', 'no network');
  }
  return (asked ?? profile.network) && (above?.network ?? true);
}

function toIsolation(
  asked: Isolation | null,
  profile: Profile,
  { parent, sandbox }: { readonly parent: AgentParent | null; readonly sandbox: SandboxMode },
): Isolation | null {
  const own = profile.workspace.isolation;
  const rank = (one: Isolation): number => isolations.indexOf(one); // more apart is narrower
  if (asked !== null && own !== null && rank(asked) < rank(own)) {
    throw exceeds(`isolation ${asked}`, `isolation ${own}`);
  }
  const wanted = asked ?? own;
  const above = parent?.info.isolation ?? 'folder';
  const isOpen = above === 'folder' || (above === 'worktree' && sandbox === 'read-only');
  return isOpen || (wanted !== null && rank(wanted) >= rank(above)) ? wanted : above;
}

function toLimits(
  asked: Partial<AgentLimits>,
  profile: Profile,
  parent: AgentParent | null,
): AgentLimits {
  const names = Object.keys(profile.limits) as (keyof AgentLimits)[]; // keys of that record
  const entries = names.map((name) => {
    const allowed = profile.limits[name];
    const wanted = asked[name] ?? allowed;
    if (!(wanted >= 0 && toAmount(name, wanted) <= toAmount(name, allowed))) {
      throw exceeds(`limits.${name} ${wanted}`, `${allowed}`);
    }
    const parents = toParentLimit(name, parent);
    return [name, toAmount(name, wanted) <= toAmount(name, parents) ? wanted : parents] as const;
  });
  return Object.fromEntries(entries) as unknown as AgentLimits; // every key of that record
}

function toParentLimit(name: keyof AgentLimits, parent: AgentParent | null): number {
  if (!parent) {
    return Infinity;
  }
  if (name === 'depth') {
    return parent.info.limits.depth - 1;
  }
  return name === 'idleMs' ? parent.info.limits.idleMs : parent.left[name];
}

/** No idle limit, which is 0, is the most of all. */
function toAmount(name: keyof AgentLimits, limit: number): number {
  return name === 'idleMs' && limit === 0 ? Infinity : limit;
}

function exceeds(asked: string, allowed: string): RlmError {
  return new RlmError('INVALID_INPUT', `${asked} is more than the profile allows (${allowed}).`, {
    nextStep: 'Leave it out, ask for less, or have the user change the profile.',
  });
}

function refused(message: string, nextStep: string): RlmError {
  return new RlmError('GUARDRAIL_STOPPED', message, { nextStep });
}

/** The first message to the agent: the task, its goals and what it is given. */
export function toFirstMessage(request: SpawnRequest, goals: readonly string[]): string {
  const inputs = Object.entries(request.inputs);
  return [
    request.task,
    ...(goals.length > 0 ? ['Goals:', ...goals.map((goal) => `- ${goal}`)] : []),
    ...(inputs.length > 0
      ? ['Inputs:', ...inputs.map(([name, value]) => `- ${name}: ${value}`)]
      : []),
  ].join('\n');
}

/** Who the agent is and what holds for it, for the whole run. */
export function toInstructions(profile: Profile, info: Pick<AgentInfo, 'permissions'>): string {
  const { deny, write, maySpawn } = info.permissions;
  const blocks = [
    profile.persona,
    profile.systemPrompt,
    ...toList('You must keep to this:', profile.constraints),
    ...toList('Leave these files alone, do not even read them:', deny),
    ...toList('Change files only here:', write),
    ...toList(
      'You can hand parts that can be done apart to agents of these profiles, by spawn_agent of the MCP server rlm:',
      maySpawn,
    ),
    ...toList(
      'You are done when all of this holds:',
      profile.checklist.map(({ id, description }) => `${id}: ${description}`),
    ),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function toList(title: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [[title, ...items.map((item) => `- ${item}`)].join('\n')];
}
