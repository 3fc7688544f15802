// One profile over another: a user's file says anew what it names; a workspace's may only narrow. Pure.

import { RlmError } from '../core/errors';
import { approvalModes, isolations, sandboxModes } from '../core/agent/permissions';
import type { ChecklistItem, DoneWhen, Profile } from '../core/agent/profile';
import type { ProfileFile } from './profileFile';

export type ProfileBody = Omit<Profile, 'hash'>;

export const emptyProfile: Omit<ProfileBody, 'id' | 'sources'> = {
  title: '',
  description: '',
  persona: '',
  systemPrompt: '',
  goalset: [],
  constraints: [],
  checklist: [],
  model: null,
  sandbox: 'read-only',
  approvals: { mode: 'on-request', allow: [], deny: [], timeoutMs: 300_000 },
  workspace: {
    isolation: null,
    allow: [],
    deny: ['.env', '.env.*', '*.pem', '*.key', '.git/'],
    write: [],
  },
  network: false,
  limits: {
    tokens: 2_000_000,
    usd: 10,
    turns: 20,
    wallMs: 3_600_000,
    commands: 400,
    children: 4,
    depth: 2,
    idleMs: 900_000,
  },
  maySpawn: [],
  rules: [],
  mask: [],
  summaries: { everyEvents: 200, everyMs: 600_000 },
};

/** What a file of the user's names counts. */
export function overlay(base: ProfileBody, file: ProfileFile, source: string): ProfileBody {
  const { approvals, workspace, limits, summaries } = base;
  return {
    ...base,
    title: file.title ?? base.title,
    description: file.description ?? base.description,
    persona: file.persona ?? base.persona,
    systemPrompt: file.system_prompt ?? base.systemPrompt,
    goalset: file.goalset ?? base.goalset,
    constraints: file.constraints ?? base.constraints,
    checklist: file.checklist?.map(toItem) ?? base.checklist,
    model: file.model ?? base.model,
    sandbox: file.sandbox ?? base.sandbox,
    approvals: {
      mode: file.approvals?.mode ?? approvals.mode,
      allow: file.approvals?.allow ?? approvals.allow,
      deny: file.approvals?.deny ?? approvals.deny,
      timeoutMs: file.approvals?.timeout_ms ?? approvals.timeoutMs,
    },
    workspace: {
      isolation: file.workspace?.isolation ?? workspace.isolation,
      allow: file.workspace?.allow ?? workspace.allow,
      deny: file.workspace?.deny ?? workspace.deny,
      write: file.workspace?.write ?? workspace.write,
    },
    network: file.network ?? base.network,
    limits: {
      tokens: file.limits?.tokens ?? limits.tokens,
      usd: file.limits?.usd ?? limits.usd,
      turns: file.limits?.turns ?? limits.turns,
      wallMs: file.limits?.wall_ms ?? limits.wallMs,
      commands: file.limits?.commands ?? limits.commands,
      children: file.limits?.children ?? limits.children,
      depth: file.limits?.depth ?? limits.depth,
      idleMs: file.limits?.idle_ms ?? limits.idleMs,
    },
    maySpawn: file.may_spawn ?? base.maySpawn,
    rules:
      file.rules?.map(({ before, child = null, item = null }) => ({ before, child, item })) ??
      base.rules,
    mask: file.mask ?? base.mask,
    summaries: {
      everyEvents: file.summaries?.every_events ?? summaries.everyEvents,
      everyMs: file.summaries?.every_ms ?? summaries.everyMs,
    },
    sources: [...base.sources, source],
  };
}

/**
 * What a workspace's file adds: more constraints, items, denials and masks, smaller limits, fewer rights. Its persona
 * and instructions are not taken: a repository's text does not speak for the user.
 * @throws RlmError 'INVALID_INPUT' for what would widen anything.
 */
export function narrow(base: ProfileBody, file: ProfileFile, source: string): ProfileBody {
  const over = overlay(base, file, source);
  checkNarrows(base, over, file);
  const items = over.checklist.filter(({ id }) => !base.checklist.some((one) => one.id === id));
  return {
    ...over,
    persona: base.persona,
    systemPrompt: base.systemPrompt,
    model: base.model,
    goalset: union(base.goalset, file.goalset),
    constraints: union(base.constraints, file.constraints),
    checklist: [...base.checklist, ...items],
    approvals: {
      ...over.approvals,
      allow: base.approvals.allow.filter((one) => over.approvals.allow.includes(one)),
      deny: union(base.approvals.deny, file.approvals?.deny),
      timeoutMs: Math.min(base.approvals.timeoutMs, over.approvals.timeoutMs),
    },
    workspace: {
      ...over.workspace,
      allow: base.workspace.allow,
      deny: union(base.workspace.deny, file.workspace?.deny),
    },
    rules: [...base.rules, ...over.rules.filter((rule) => !base.rules.includes(rule))],
    mask: union(base.mask, file.mask),
  };
}

function checkNarrows(base: ProfileBody, over: ProfileBody, file: ProfileFile): void {
  const wider = [
    ...isWider(sandboxModes, base.sandbox, over.sandbox, 'sandbox'),
    ...isWider(approvalModes, base.approvals.mode, over.approvals.mode, 'approvals.mode'),
    ...(over.network && !base.network ? ['network'] : []),
    ...(file.approvals?.allow?.some((one) => !base.approvals.allow.includes(one))
      ? ['approvals.allow']
      : []),
    ...(over.maySpawn.some((one) => !base.maySpawn.includes(one)) ? ['may_spawn'] : []),
    ...(isLessApart(base, over) ? ['workspace.isolation'] : []),
    ...(base.workspace.write.length > 0 &&
    (over.workspace.write.length === 0 ||
      over.workspace.write.some((one) => !base.workspace.write.includes(one)))
      ? ['workspace.write']
      : []),
    ...(['persona', 'system_prompt', 'model'] as const).filter((key) => file[key] !== undefined),
    ...(Object.keys(base.limits) as (keyof Profile['limits'])[]) // keys of that record
      .filter((name) => over.limits[name] > base.limits[name])
      .map((name) => `limits.${name}`),
  ];
  if (wider.length > 0) {
    throw new RlmError(
      'INVALID_INPUT',
      `A workspace's profile may only narrow: ${wider.join(', ')} would be wider than the user's.`,
      { nextStep: 'Leave it out there, or put it into the user’s own profile.' },
    );
  }
}

function isWider<T extends string>(
  order: readonly T[],
  base: T,
  over: T,
  name: string,
): readonly string[] {
  return order.indexOf(over) > order.indexOf(base) ? [name] : [];
}

function isLessApart(base: ProfileBody, over: ProfileBody): boolean {
  const [from, to] = [base.workspace.isolation, over.workspace.isolation];
  return from !== null && to !== null && isolations.indexOf(to) < isolations.indexOf(from);
}

function union(base: readonly string[], more: readonly string[] | undefined): readonly string[] {
  return [...new Set([...base, ...(more ?? [])])];
}

function toItem({
  id,
  description,
  done_when: doneWhen,
}: NonNullable<ProfileFile['checklist']>[number]): ChecklistItem {
  return { id, description, doneWhen: toDoneWhen(doneWhen) };
}

function toDoneWhen(given: NonNullable<ProfileFile['checklist']>[number]['done_when']): DoneWhen {
  if (given === 'manual') {
    return { kind: 'manual' };
  }
  if ('command' in given) {
    return { kind: 'command', pattern: `^(?:${given.command})$`, exitCode: given.exit };
  }
  if ('diff' in given) {
    return { kind: 'diff', glob: given.diff };
  }
  return 'says' in given
    ? { kind: 'says', pattern: given.says }
    : { kind: 'child', profileId: given.child };
}
