// What the first Python of a place is given: a short program on its command line, and the guest's files over
// its stdin. So nothing is mounted, and any system with a Python will do.

import { createGuestModules } from '../worker/guestModules';
import bootstrap from './guest/bootstrap.py';
import device from './guest/device.py';
import eventLoop from './guest/eventLoop.py';
import files from './guest/files.py';
import shell from './guest/shell.py';
import start from './guest/start.py';
import supervisor from './guest/supervisor.py';
import systemCalls from './guest/systemCalls.py';

/** Flags of the first Python: nothing of its surroundings, no site packages. */
export const bootstrapArgs: readonly string[] = ['-I', '-S', '-B', '-u', '-c', bootstrap];

export interface GuestOptions {
  /** Where code begins and its files lie: a folder of the place that it may write to. */
  readonly folder: string;
  /** File systems in memory, of which only this place uses anything. */
  readonly folders: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Of each process: name of the system's limit → value. */
  readonly limits: Readonly<Record<string, number>>;
}

const modules = createGuestModules({ device, eventLoop });

/** Of the interpreter: no user packages, no compiled files, nothing held back, UTF-8 whatever the locale. */
const flags = ['-s', '-B', '-u', '-X', 'utf8'];

/** With its length in 16 digits before it. */
export function createGuestPayload(options: GuestOptions): Buffer {
  const body = Buffer.from(
    JSON.stringify({
      ...{ systemCalls, files, shell, supervisor, start, modules },
      options: { flags, ...options },
    }),
  );
  return Buffer.concat([Buffer.from(String(body.length).padStart(16)), body]);
}

/** What code finds in its environment, whatever the engine's holds. */
export function createGuestEnvironment(folder: string): Readonly<Record<string, string>> {
  const threads = { OPENBLAS_NUM_THREADS: '4', OMP_NUM_THREADS: '4', MKL_NUM_THREADS: '4' };
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    PYTHONHASHSEED: '0', // sets come in the same order when a record is run again
    MPLBACKEND: 'Agg', // there is no display
    ...threads,
  };
}
