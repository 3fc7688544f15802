// What the views draw from, and what they may ask for. A view keeps nothing of the session itself.

import type { SessionStatus } from '../src/core/event';
import type { Summary } from '../src/core/summary';
import type { Standing } from '../src/protocol/viewer';
import type { Place, ViewerHost } from './host';
import type { Row } from './model/rows';
import type { Trace } from './model/trace';
import type { ViewState } from './viewState';

export interface Failure {
  readonly message: string;
  readonly nextStep: string;
}

export type Loading =
  | { readonly kind: 'opening' }
  | { readonly kind: 'reading' }
  | { readonly kind: 'complete' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface Snapshot {
  readonly trace: Trace;
  /** Of the trace when this was taken: the trace itself grows. */
  readonly version: number;
  readonly loading: Loading;
  /** Null until the editor has answered. */
  readonly summary: Summary | null;
  readonly status: SessionStatus;
  readonly standing: Standing;
  readonly view: ViewState;
  readonly rows: readonly Row[];
  /** What the user asked for and did not get; null when all went well. */
  readonly failure: Failure | null;
  /** Epoch ms. */
  readonly now: number;
}

export interface ViewActions {
  /** In a page, a view offers nothing that an editor would have to do. */
  readonly place: Place;
  readonly change: (patch: Partial<ViewState>) => void;
  /** Kept for a reload, and not drawn anew. */
  remember(patch: Pick<Partial<ViewState>, 'listScroll' | 'detailScroll'>): void;
  /** Shows a step, whatever tab or search hid it. */
  showStep(step: number, call?: number): void;
  /** Shows what an agent did, by the number of its event, whatever hid it. */
  showEntry(number: number): void;
  /** Asks the editor; a refusal is shown to the user. */
  readonly ask: (...request: Parameters<ViewerHost['request']>) => void;
  /** As `ask`; whether it was done. */
  readonly attempt: (...request: Parameters<ViewerHost['request']>) => Promise<boolean>;
  dismissFailure(): void;
  openFinalize(): void;
  /** What is to be said to the agent. */
  openMessage(): void;
  openHelp(): void;
  reload(): void;
}

/** Whether it is the run of an agent; false while that is not known. */
export function isAgentRun({ summary }: Pick<Snapshot, 'summary'>): boolean {
  return summary !== null && summary.agent !== null;
}

export interface View {
  readonly element: HTMLElement;
  update(snapshot: Snapshot): void;
}
