// What a person can do with a session, the same from the tree, the palette and the viewer.

import * as vscode from 'vscode';
import { RlmError, cancelledError } from '../core/errors';
import type { TraceEvent } from '../core/event';
import { readHistory, readUsage } from '../core/history';
import { isUnderWay, type Summary } from '../core/summary';
import { pageEvents } from '../core/traceStore';
import type { UnreadableLines } from '../core/unreadableLines';
import type { ExportFormat } from '../export/exportTrace';
import type { OpenedText, SourcePlace, ViewerAnswer } from '../protocol/viewer';
import type { AgentActions } from './agents/agentActions';
import { askLargerLimits } from './commands/forkDialog';
import type { ReadOnlyTexts } from './documents/readOnlyTexts';
import { revealFile, showExported } from './documents/showExported';
import { readSummaries, removeSessions } from './eachSession';
import type { EngineHost } from './engineHost';
import { canRaise, findUsedUp } from './forkLimits';
import { toPlainLine } from './plainText';
import { type CancellableWork, runCancellable } from './progress';
import type { SessionSource } from './sessionSource';
import { toGroup } from './sessions/sessionGroup';
import { toTraceLink } from './traceLink';

interface SessionActionsParts {
  readonly source: SessionSource;
  readonly host: EngineHost;
  readonly texts: ReadOnlyTexts;
  readonly agents: AgentActions;
  /** `<publisher>.<name>` */
  readonly extensionId: string;
  readonly readRoots: () => readonly string[];
  readonly readBaseFolder: () => string;
  /** Shows the trace in a panel; `step` null: where it was. */
  readonly showTrace: (summary: Summary, step: number | null) => Promise<void>;
}

const chunkChars = 1_000_000;
/** More is not put into an editor. */
const maxOpenedChars = 20_000_000;
const extensions: Readonly<Record<ExportFormat, string>> = {
  json: 'json',
  markdown: 'md',
  html: 'html',
};

export class SessionActions {
  readonly #parts: SessionActionsParts;

  constructor(parts: SessionActionsParts) {
    this.#parts = parts;
  }

  async openTrace(sessionId: string, step: number | null): Promise<void> {
    await this.#parts.showTrace(await this.readSummary(sessionId), step);
  }

  /** Of an agent it asks first. @throws RlmError 'SESSION_NOT_FOUND' when it is not live in this window. */
  async stop(sessionId: string): Promise<void> {
    const summary = await this.readSummary(sessionId);
    if (summary.agent) {
      await this.#parts.agents.stop(summary);
      return;
    }
    await runCancellable(vscode.l10n.t('Stopping the session'), async () => {
      const engine = await this.#parts.host.start();
      await (await engine.sessions.findSession(sessionId)).stop();
    });
  }

  async finalize(sessionId: string, answer: ViewerAnswer): Promise<void> {
    const input = answer.kind === 'text' ? { text: answer.text } : { variable: answer.name };
    await runCancellable(vscode.l10n.t('Finalizing the session'), async ({ signal }) => {
      const engine = await this.#parts.host.start();
      await engine.sessions.finalize(sessionId, input, signal);
    });
  }

  async resume(sessionId: string): Promise<void> {
    await runCancellable(vscode.l10n.t('Resuming the session'), async ({ signal, report }) => {
      const engine = await this.#parts.host.start();
      await engine.sessions.resume(sessionId, signal, (done, total) =>
        report(toShare(done, total)),
      );
    });
  }

  /** `step` null: after the last answered one. Asks for larger limits where it could run no step; may be given up then. */
  async fork(sessionId: string, step: number | null): Promise<void> {
    const usedUp = await runCancellable(vscode.l10n.t('Looking at the session'), async () => {
      const history = await readHistory(await this.#parts.source.store(), sessionId, step);
      return findUsedUp(history.opened.limits, readUsage(history));
    });
    const limits = usedUp.every(canRaise) ? await askLargerLimits(usedUp) : {};
    if (!limits) {
      return;
    }
    const { session } = await runCancellable(
      vscode.l10n.t('Forking the session'),
      async ({ signal, report }) => {
        const engine = await this.#parts.host.start();
        const request = { sessionId, atStep: step, title: '', limits };
        return engine.sessions.fork(request, signal, (done, total) => report(toShare(done, total)));
      },
    );
    await this.#parts.showTrace(session.summary, null);
  }

  async exportTrace(sessionId: string, format: ExportFormat): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const name = `rlm-${sessionId.slice(0, 13)}.${extensions[format]}`;
    const target = await vscode.window.showSaveDialog({
      title: vscode.l10n.t('Export trace'),
      ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
      filters: { [format]: [extensions[format]] },
    });
    if (!target) {
      return;
    }
    await runCancellable(vscode.l10n.t('Exporting the trace'), async ({ signal }) => {
      const { exportTrace } = await import('./traces');
      const pieces: Buffer[] = [];
      const summary = await this.readSummary(sessionId);
      const unreadable: UnreadableLines[] = [];
      const events = this.#readEvents(sessionId, signal, unreadable);
      const readUnreadable = (): readonly UnreadableLines[] => unreadable;
      for await (const piece of exportTrace(format, { summary, events, readUnreadable })) {
        pieces.push(Buffer.from(piece));
      }
      // The editor's file system, which may be far away, takes whole files only.
      await vscode.workspace.fs.writeFile(target, Buffer.concat(pieces));
    });
    await showExported(target, format);
  }

  async openVariable(sessionId: string, name: string): Promise<void> {
    const { text, form } = await runCancellable(
      vscode.l10n.t('Reading {0}', toPlainLine(name, 80)),
      ({ signal, report }) => this.#readVariable(sessionId, name, { signal, report }),
    );
    await this.#parts.texts.open(name, text, form === 'json' ? 'json' : 'plaintext');
  }

  async openText({ title, text, language }: OpenedText): Promise<void> {
    await this.#parts.texts.open(title, text, language);
  }

  async openSource(sessionId: string, place: SourcePlace): Promise<void> {
    const { openSourceFile } = await import('./documents/sourceFile');
    const { readRoots, readBaseFolder } = this.#parts;
    const files = { roots: readRoots(), baseFolder: readBaseFolder() };
    await openSourceFile(await this.readSummary(sessionId), place, files);
  }

  async copy(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
  }

  async copyLink(sessionId: string, step: number | null): Promise<void> {
    await this.copy(this.toLink(sessionId, step));
  }

  /** Opens the trace, in this editor, for whoever follows it. */
  toLink(sessionId: string, step: number | null): string {
    const scheme = vscode.env.uriScheme;
    return toTraceLink({ scheme, extensionId: this.#parts.extensionId, sessionId, step });
  }

  async revealFiles(sessionId: string): Promise<void> {
    await this.readSummary(sessionId);
    const home = vscode.Uri.file((await this.#parts.source.store()).location);
    const file = vscode.Uri.joinPath(home, 'sessions', sessionId, 'trace.jsonl');
    await revealFile(file, vscode.env.remoteName === undefined);
  }

  /** Asks first: a trace that is gone is gone. @throws RlmError 'SESSION_NOT_FOUND' when none is there. */
  async delete(sessionIds: readonly string[]): Promise<void> {
    const { source } = this.#parts;
    const title = vscode.l10n.t('Looking at the sessions');
    const summaries = await runCancellable(title, ({ signal }) =>
      readSummaries(sessionIds, (sessionId) => source.readSummary(sessionId), signal),
    );
    const [first] = sessionIds;
    if (first !== undefined && summaries.length === 0) {
      throw noSession(first);
    }
    await this.deleteListed(summaries);
  }

  /** As `delete`, of sessions that have just been read. */
  async deleteListed(summaries: readonly Summary[]): Promise<void> {
    const { l10n } = vscode;
    const [first] = summaries;
    if (!first) {
      return;
    }
    const { source } = this.#parts;
    const foreign = summaries.find((one) => toGroup(one, source.isHere(one)) === 'elsewhere');
    if (foreign) {
      throw new RlmError('INVALID_INPUT', `Another engine runs the session “${foreign.title}”.`, {
        nextStep: 'End it there first, or delete the others without it.',
      });
    }
    const running = summaries.filter(({ status }) => isUnderWay(status)).length;
    const question =
      summaries.length === 1
        ? l10n.t('Delete the session “{0}” and its trace?', toPlainLine(first.title, 80))
        : l10n.t('Delete {0} sessions and their traces?', summaries.length);
    const detail = l10n.t('This cannot be undone.');
    const stopped =
      running > 0 ? `${l10n.t('{0} of them are active and will be stopped.', running)} ` : '';
    const remove = l10n.t('Delete');
    const chosen = await vscode.window.showWarningMessage(
      question,
      { modal: true, detail: stopped + detail },
      remove,
    );
    if (chosen === remove) {
      await this.removeAll(summaries.map(({ sessionId }) => sessionId));
    }
  }

  /** Without asking. Settles with how many were removed. @throws RlmError when some could not be. */
  async removeAll(sessionIds: readonly string[]): Promise<number> {
    return runCancellable(vscode.l10n.t('Deleting sessions'), async ({ signal, report }) => {
      const { source } = this.#parts;
      return removeSessions(sessionIds, {
        remove: (sessionId) => source.deleteSession(sessionId),
        report: (done) => report(toShare(done, sessionIds.length)),
        signal,
      });
    });
  }

  /** @throws RlmError 'SESSION_NOT_FOUND' */
  async readSummary(sessionId: string): Promise<Summary> {
    const summary = await this.#parts.source.readSummary(sessionId);
    if (!summary) {
      throw noSession(sessionId);
    }
    return summary;
  }

  /** Puts what could not be read into `unreadable`. */
  async *#readEvents(
    sessionId: string,
    signal: AbortSignal,
    unreadable: UnreadableLines[],
  ): AsyncGenerator<TraceEvent> {
    const store = await this.#parts.source.store();
    let cursor: string | null = null;
    do {
      if (signal.aborted) {
        throw cancelledError('The export');
      }
      const query = { fromStep: null, toStep: null, cursor, limit: pageEvents };
      const page = await store.readEvents(sessionId, query);
      yield* page.events;
      unreadable.push(...page.unreadable);
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  async #readVariable(
    sessionId: string,
    name: string,
    { signal, report }: CancellableWork,
  ): Promise<{ readonly text: string; readonly form: 'text' | 'json' | 'repr' }> {
    const engine = await this.#parts.host.start();
    const { session } = await engine.sessions.openForReading(sessionId, signal);
    const parts: string[] = [];
    for (let offset = 0; ; offset += chunkChars) {
      const request = { name, offset, maxChars: chunkChars };
      const value = await session.readVariable(request, signal);
      parts.push(value.text);
      const read = offset + chunkChars;
      report(toShare(Math.min(read, value.totalChars), value.totalChars));
      if (read >= value.totalChars || read >= maxOpenedChars) {
        const left = value.totalChars - read;
        const note = left > 0 ? `\n… ${left} more characters are not shown` : '';
        const lack = value.incomplete === null ? '' : `\n… not whole: ${value.incomplete}`;
        return {
          text: parts.join('') + note + lack,
          form: value.incomplete === null ? value.form : 'text',
        };
      }
    }
  }
}

function noSession(sessionId: string): RlmError {
  return new RlmError('SESSION_NOT_FOUND', `There is no session ${sessionId.slice(0, 80)}.`, {
    nextStep: 'It was deleted, or is kept in another home folder (setting rlm.home).',
  });
}

function toShare(done: number, total: number): string {
  return `${done.toLocaleString()} / ${total.toLocaleString()}`;
}
