// Which of the editor's models a person has allowed us to ask. The editor keeps that too, but tells
// nobody: its `canSendRequest` says yes before anyone was asked (VS Code 1.139), and a request then
// opens a dialog in the middle of a run.

import type { Memory } from '../memory';

export interface ModelName {
  readonly vendor: string;
  readonly id: string;
}

const memoryKey = 'rlm.approvedModels';
const maxKept = 50;

export class Approvals {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Most recent first. */
  list(): readonly ModelName[] {
    const kept = this.#memory.get(memoryKey);
    return Array.isArray(kept) ? kept.filter(isModelName) : [];
  }

  /** The editor asks once for all models of a vendor. */
  has(vendor: string): boolean {
    return this.list().some((one) => one.vendor === vendor);
  }

  async add({ vendor, id }: ModelName): Promise<void> {
    const others = this.list().filter((one) => one.vendor !== vendor || one.id !== id);
    await this.#memory.update(memoryKey, [{ vendor, id }, ...others].slice(0, maxKept));
  }

  async removeVendor(vendor: string): Promise<void> {
    const others = this.list().filter((one) => one.vendor !== vendor);
    await this.#memory.update(memoryKey, others);
  }
}

function isModelName(value: unknown): value is ModelName {
  return (
    typeof value === 'object' &&
    value !== null &&
    'vendor' in value &&
    typeof value.vendor === 'string' &&
    'id' in value &&
    typeof value.id === 'string'
  );
}
