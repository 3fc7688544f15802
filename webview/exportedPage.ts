// The viewer in an exported page: the trace stands in the page itself, and is read page by page with the
// same words that an editor is asked with. Nothing can be run, opened or written here.

import { RlmError } from '../src/core/errors';
import { isUnderWay } from '../src/core/summary';
import { type PageEvents, pageParts, type PageStart } from '../src/export/htmlPage';
import { Channel, createLinkedPair } from '../src/protocol/channel';
import type { ViewerHostMethods, ViewerMethods, ViewerPage } from '../src/protocol/viewer';
import type { Connection } from './host';
import { createPageMemory } from './pageMemory';
import { t } from './l10n';

const memory = createPageMemory('rlm-view', () => sessionStorage);
/** How often the rest of a page that is still being loaded is looked for. */
const loadingMs = 50;

export function connectToPage(): Connection {
  const start = readPart<PageStart>(pageParts.start);
  if (!start) {
    throw new Error('This page holds no trace.');
  }
  return {
    place: 'page',
    memory,
    now: () => start.summary.updatedAt,
    connect: (methods) => connect(start, methods),
  };
}

type PageMethods = Pick<ViewerHostMethods, 'ready' | 'nextEvents' | 'copy' | 'copyLink'>;

function connect(start: PageStart, methods: ViewerMethods): ReturnType<Connection['connect']> {
  const [viewerEnd, pageEnd] = createLinkedPair();
  const page = new Channel<PageMethods, ViewerMethods>(pageEnd, createMethods(start));
  window.addEventListener('hashchange', () => {
    const step = readStep();
    if (step !== null) {
      page.request('showStep', { step }).catch(() => undefined); // the viewer says what it cannot show
    }
  });
  return new Channel<ViewerMethods, ViewerHostMethods>(viewerEnd, methods);
}

function createMethods({ summary }: PageStart): PageMethods {
  const { status } = summary;
  const note = isUnderWay(status)
    ? t('The session was still going on when this page was exported.')
    : null;
  return {
    ready: () => {
      const standing = {
        status: status === 'interrupted' ? status : null,
        actions: [],
        note,
        children: [],
      };
      return Promise.resolve({ summary, standing, step: readStep() });
    },
    nextEvents: ({ cursor }) => readPage(Number(cursor ?? 0)),
    copy: ({ text }) => navigator.clipboard.writeText(text),
    copyLink: ({ step }) => {
      const link = new URL(location.href);
      link.hash = step === null ? '' : `step=${step}`;
      return navigator.clipboard.writeText(link.href);
    },
  };
}

/** The step that a link to this page names. */
function readStep(): number | null {
  const [, step] = /^#step=(\d{1,9})$/u.exec(location.hash) ?? [];
  return step === undefined ? null : Number(step);
}

async function readPage(index: number): Promise<ViewerPage> {
  const next = `${pageParts.events}${index + 1}`;
  await pause(0); // the browser draws between two pages
  // A page is whole, and known to be the last or not, once another follows or all is loaded.
  while (document.readyState === 'loading' && !document.getElementById(next)) {
    await pause(loadingMs);
  }
  const isWhole = document.getElementById(pageParts.end) !== null;
  const page = readEvents(index);
  if (page === null) {
    // No event comes after the last.
    return isWhole ? new Promise(() => undefined) : Promise.reject(cutError());
  }
  const isLast = document.getElementById(next) === null;
  return { ...page, cursor: String(index + 1), complete: isLast && isWhole };
}

/** Null where there is none, or the file ends within it. */
function readEvents(index: number): PageEvents | null {
  try {
    return readPart<PageEvents>(`${pageParts.events}${index}`);
  } catch {
    return null;
  }
}

function cutError(): RlmError {
  return new RlmError('INTERNAL_ERROR', t('The file of this page is cut: the rest is missing.'), {
    nextStep: t('Get the file again, or export the trace again.'),
  });
}

/** Written by the same build's `toHtmlExport`, into the page whose policy lets only this script run. */
function readPart<T>(id: string): T | null {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : null; // as said above
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
