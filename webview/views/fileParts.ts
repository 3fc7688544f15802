// What went into the sandbox and came out of it, and the commands of its shell with their output.

import type { FileWritten, ShellFinished } from '../../src/core/event';
import { showControls } from '../../src/base/visible';
import { toCommandText, toFileText } from '../../src/export/wording';
import { t } from '../l10n';
import type { MarkEvent } from '../model/trace';
import type { ViewActions } from '../snapshot';
import { toDateText } from '../words';
import { createPart, createTable } from './part';
import { createTextBlock } from './textBlock';

type FileEvent = FileWritten | ShellFinished;

export function isFileEvent(event: MarkEvent): event is FileEvent {
  return event.kind === 'file.written' || event.kind === 'shell.finished';
}

/** Null where there is none. */
export function createFiles(events: readonly FileEvent[]): HTMLElement | null {
  const files = events.filter((event) => event.kind === 'file.written');
  const rows = files.map((file) =>
    [
      toDateText(file.at),
      file.side === 'sandbox' ? t('Uploaded') : t('Downloaded'),
      file.path,
      toFileText(file, t),
    ].map(showControls),
  );
  const table = createTable([t('When'), t('What'), t('Path'), t('Size and hash')], rows);
  return table && createPart(t('Files'), table);
}

export function createCommands(
  events: readonly FileEvent[],
  actions: ViewActions,
): readonly HTMLElement[] {
  return events.flatMap((event) =>
    event.kind === 'shell.finished' ? [createCommand(event, actions)] : [],
  );
}

function createCommand(event: ShellFinished, actions: ViewActions): HTMLElement {
  const { command, stdout, stderr, exitCode } = event;
  const output = [`$ ${command}`, stdout.trimEnd(), stderr.trimEnd()];
  const title = t('Command');
  return createTextBlock(
    {
      title,
      text: output.filter((text) => text !== '').join('\n'),
      note: showControls(toCommandText(event, t)),
      openTitle: title,
      ...(exitCode !== 0 && { tone: 'error' }),
    },
    actions,
  );
}
