// What a person is told of each backend before one is chosen: whether it works here, what stands around it, or what
// would make it work.

import { type BackendName, type Language, backendNames } from '../../core/sandbox';
import type { SandboxBackendStatus } from '../../core/sandbox';

export interface BackendFacts {
  readonly backend: BackendName;
  readonly isCurrent: boolean;
  /** Whether code of the language runs there on this machine. */
  readonly works: boolean;
  /** Engine and image, or why it does not work. */
  readonly detail: string;
  readonly walls: readonly string[];
  /** What would make it work; null where it does. */
  readonly nextStep: string | null;
}

/** In the order of the backends; those that do not run the language are left out. */
export function toBackendFacts(
  statuses: readonly SandboxBackendStatus[],
  { language, current }: { readonly language: Language; readonly current: BackendName },
): readonly BackendFacts[] {
  return backendNames.flatMap((backend) => {
    const status = statuses.find((one) => one.backend === backend && one.language === language);
    if (!status) {
      return [];
    }
    const { works, detail, image, imageDigest, walls, nextStep } = status;
    const parts = [detail, ...(works ? [image, imageDigest] : [])];
    const told = parts.filter((part, index) => part && parts.indexOf(part) === index);
    const isCurrent = backend === current;
    return [{ backend, isCurrent, works, detail: told.join(', '), walls, nextStep }];
  });
}
