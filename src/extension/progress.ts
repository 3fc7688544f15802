// Work that may take a while: shown with a way to cancel it as soon as it takes longer than a second.

import * as vscode from 'vscode';
import { untilAborted } from '../base/abort';
import { cancelledError } from '../core/errors';

export interface CancellableWork {
  readonly signal: AbortSignal;
  /** Replaces the line below the title. */
  readonly report: (message: string) => void;
}

const quietMs = 800;

/** @throws RlmError 'CANCELLED' at once when it is cancelled, also while the work does not notice. */
export async function runCancellable<T>(
  title: string,
  run: (work: CancellableWork) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let shown: vscode.Progress<{ readonly message?: string }> | undefined;
  let latest = '';
  const result = run({
    signal: controller.signal,
    report(message) {
      latest = message;
      shown?.report({ message });
    },
  });
  const timer = setTimeout(() => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (progress, token) => {
        shown = progress;
        progress.report({ message: latest });
        const registration = token.onCancellationRequested(() => controller.abort());
        await result.catch(() => undefined); // told to whoever asked for the work
        registration.dispose();
      },
    );
  }, quietMs);
  try {
    return await untilAborted(result, controller.signal, () => cancelledError(title));
  } finally {
    clearTimeout(timer);
  }
}
