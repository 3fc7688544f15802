// Removes old sessions: asks by what measure, shows what would go, and asks again.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { toByteText } from '../../base/text';
import type { Summary } from '../../core/summary';
import type { TraceStore } from '../../core/traceStore';
import { findOlder, findOverSize } from '../cleanUp';
import { showNote } from '../messages';
import { runCancellable } from '../progress';
import type { SessionActions } from '../sessionActions';
import type { SessionSource } from '../sessionSource';

interface CleanUpParts {
  readonly source: SessionSource;
  readonly actions: SessionActions;
}

const dayMs = 86_400_000;
const pageSessions = 500;
const ages = [7, 30, 90, 365];
const sizesMb = [100, 500, 2_000];

export async function cleanUp({ source, actions }: CleanUpParts): Promise<void> {
  const { l10n } = vscode;
  const store = await source.store();
  const looking = l10n.t('Looking at the sessions');
  const { sessions, bytes } = await runCancellable(looking, () => store.readSize());
  const choices = [
    ...ages.map((days) => ({ label: l10n.t('Not changed for {0} days', days), days, mb: 0 })),
    ...sizesMb.map((mb) => ({
      label: l10n.t('The oldest, until the rest takes {0}', toByteText(mb * 1e6)),
      days: 0,
      mb,
    })),
  ];
  const picked = await vscode.window.showQuickPick(choices, {
    title: l10n.t('Clean up {0} sessions ({1})', sessions, toByteText(bytes)),
    placeHolder: l10n.t('Which ended sessions to delete. Active ones stay.'),
  });
  if (!picked) {
    return;
  }
  const found = await runCancellable(looking, async ({ signal }) => {
    const summaries = await listAll(store, signal);
    return picked.days > 0
      ? findOlder(summaries, Date.now() - picked.days * dayMs)
      : findOverSize(await measure(store, summaries, signal), picked.mb * 1e6);
  });
  if (found.length === 0) {
    showNote(l10n.t('No session has to go.'));
    return;
  }
  await actions.deleteListed(found);
}

/** What the setting asks for, without a question: ended sessions older than so many days. */
export async function removeExpired(
  { source, actions }: CleanUpParts,
  days: number,
): Promise<number> {
  const summaries = await listAll(await source.store(), new AbortController().signal);
  const expired = findOlder(summaries, Date.now() - days * dayMs);
  return expired.length === 0 ? 0 : actions.removeAll(expired.map(({ sessionId }) => sessionId));
}

async function listAll(store: TraceStore, signal: AbortSignal): Promise<readonly Summary[]> {
  const summaries: Summary[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.listSummaries({ status: null, limit: pageSessions, cursor });
    summaries.push(...page.summaries);
    cursor = signal.aborted ? null : page.nextCursor;
  } while (cursor !== null);
  return signal.aborted ? [] : summaries;
}

async function measure(
  store: TraceStore,
  summaries: readonly Summary[],
  signal: AbortSignal,
): Promise<readonly { readonly summary: Summary; readonly bytes: number }[]> {
  const sized = [];
  for (const summary of summaries) {
    if (signal.aborted) {
      return [];
    }
    const folder = path.join(store.location, 'sessions', summary.sessionId);
    const names = await readdir(folder).catch(() => []);
    const sizes = await Promise.all(
      names.map((name) =>
        stat(path.join(folder, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    sized.push({ summary, bytes: sizes.reduce((sum, size) => sum + size, 0) });
  }
  return sized;
}
