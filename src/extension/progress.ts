// Work that may take a while: shown with a way to cancel it as soon as it takes longer than a second.

import * as vscode from 'vscode';

export interface CancellableWork {
  readonly signal: AbortSignal;
  /** Replaces the line below the title. */
  readonly report: (message: string) => void;
}

const quietMs = 800;

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
    return await result;
  } finally {
    clearTimeout(timer);
  }
}
