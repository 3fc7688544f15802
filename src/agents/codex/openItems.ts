// The items of a thread from their start to their end, which is told once: by Codex, or by us when nothing more can
// come of them.

import type { ActionStatus, HappeningBody, Patch, ToolCall } from '../../core/agent/agentDriver';
import { cutMiddle, cutValue, maxOutputChars } from './cut';
import type { WireChange, WireItem } from './wire';

export type Action = Extract<
  WireItem,
  { readonly type: 'commandExecution' | 'fileChange' | 'mcpToolCall' | 'dynamicToolCall' }
>;

interface OpenItem {
  readonly item: Action;
  readonly turnId: string;
  output: string;
  isCapped: boolean;
}

export class OpenItems {
  readonly #open = new Map<string, OpenItem>();
  readonly #ended = new Set<string>();

  start(item: Action, turnId: string): readonly HappeningBody[] {
    if (this.#open.has(item.id) || this.#ended.has(item.id)) {
      return [];
    }
    this.#open.set(item.id, { item, turnId, output: '', isCapped: false });
    return [toStart(item)];
  }

  output(itemId: string, delta: string): readonly HappeningBody[] {
    const open = this.#open.get(itemId);
    if (!open || open.isCapped) {
      return [];
    }
    const text = delta.slice(0, maxOutputChars - open.output.length);
    open.output += text;
    open.isCapped = text.length < delta.length;
    return [{ kind: 'commandOutput', itemId, text, isCapped: open.isCapped }];
  }

  /** `isCut`: its turn was interrupted, so what failed was ended. */
  end(item: Action, isCut: boolean): readonly HappeningBody[] {
    if (this.#ended.has(item.id)) {
      return [];
    }
    const open = this.#open.get(item.id);
    this.#open.delete(item.id);
    this.#ended.add(item.id);
    const status = isCut && item.status === 'failed' ? 'interrupted' : toStatus(item.status);
    const started = open ? [] : [toStart(item)];
    return [...started, toEnd(item, status, open?.output ?? '')];
  }

  /** Of those that are open, which `isOver` picks: nothing more will come of them. */
  interrupt(isOver: (itemId: string, turnId: string) => boolean): readonly HappeningBody[] {
    return [...this.#open.values()]
      .filter(({ item, turnId }) => isOver(item.id, turnId))
      .map(({ item, output }) => {
        this.#open.delete(item.id);
        this.#ended.add(item.id);
        return toEnd(item, 'interrupted', output);
      });
  }

  get hasCommands(): boolean {
    return [...this.#open.values()].some(({ item }) => item.type === 'commandExecution');
  }

  isCommand(itemId: string): boolean {
    return this.#open.get(itemId)?.item.type === 'commandExecution';
  }

  /** Of a patch that is open. */
  findPatch(itemId: string): Patch | null {
    const item = this.#open.get(itemId)?.item;
    return item?.type === 'fileChange' ? toPatch(item.changes) : null;
  }
}

export function isAction(item: WireItem): item is Action {
  return (
    item.type === 'commandExecution' ||
    item.type === 'fileChange' ||
    item.type === 'mcpToolCall' ||
    item.type === 'dynamicToolCall'
  );
}

function toStart(item: Action): HappeningBody {
  switch (item.type) {
    case 'commandExecution':
      return { kind: 'commandStarted', itemId: item.id, command: item.command, cwd: item.cwd };
    case 'fileChange':
      return { kind: 'patchStarted', itemId: item.id, patch: toPatch(item.changes) };
    case 'mcpToolCall':
    case 'dynamicToolCall':
      return { kind: 'toolStarted', ...toCall(item) };
  }
}

function toEnd(item: Action, status: ActionStatus, output: string): HappeningBody {
  switch (item.type) {
    case 'commandExecution': {
      const { text, droppedChars } = cutMiddle(item.aggregatedOutput ?? output, maxOutputChars);
      return {
        kind: 'commandEnded',
        itemId: item.id,
        command: item.command,
        cwd: item.cwd,
        status,
        // Codex gives -1 to a command that it has ended.
        exitCode: status === 'interrupted' ? null : (item.exitCode ?? null),
        output: text,
        droppedChars,
        durationMs: item.durationMs ?? null,
      };
    }
    case 'fileChange':
      return { kind: 'patchEnded', itemId: item.id, patch: toPatch(item.changes), status };
    case 'mcpToolCall':
    case 'dynamicToolCall':
      return {
        kind: 'toolEnded',
        ...toCall(item),
        status,
        result: cutValue(
          item.type === 'mcpToolCall' ? (item.error ?? item.result) : item.contentItems,
        ),
        durationMs: item.durationMs ?? null,
      };
  }
}

/** An item that has ended but says it has not was cut short. */
function toStatus(status: Action['status']): ActionStatus {
  return status === 'inProgress' ? 'interrupted' : status;
}

function toCall(item: Extract<Action, { readonly tool: string }>): ToolCall {
  return {
    itemId: item.id,
    server: item.type === 'mcpToolCall' ? item.server : null,
    tool: item.tool,
    arguments: cutValue(item.arguments),
  };
}

function toPatch(changes: readonly WireChange[]): Patch {
  const diff = changes
    .map(({ path, kind, diff: text }) => `--- ${kind.type} ${path}\n${text}`)
    .join('\n');
  const cut = cutMiddle(diff, maxOutputChars);
  return {
    changes: changes.map(({ path, kind }) => ({
      path,
      change: kind.type,
      movedTo: kind.move_path ?? null,
    })),
    diff: cut.text,
    droppedChars: cut.droppedChars,
  };
}
