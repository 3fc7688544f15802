// For guests without files of their own.

import type { FileRefused } from '../../core/sandboxFiles';

export function refuseFiles(): FileRefused {
  return {
    kind: 'refused',
    reason: 'unsupported',
    message: 'JavaScript has no files and no shell',
  };
}
