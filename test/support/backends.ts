// The suites of the REPL on every backend that this machine has. One that is missing is told; where CI
// is set that is a failure.

import { spawnSync } from 'node:child_process';
import type { Suite } from 'mocha';
import { type BackendName, backendNames } from '../../src/core/sandbox';

/** Made by .ci/installBackends.mjs from Debian's packages. */
export const testImage = 'localhost/rlm-sandbox:test';

/** The same with Node.js in it. */
export const nodeImage = 'localhost/rlm-sandbox-node:test';

/** Why a backend cannot be tested here; null where it can. */
const lacks: Readonly<Record<BackendName, () => string | null>> = {
  wasm: () => null,
  local: () => (runs('bwrap', ['--version']) ? null : 'bubblewrap is not installed'),
  container: () =>
    runs('podman', ['image', 'exists', testImage]) ? null : `podman has no image ${testImage}`,
  daytona: () =>
    runs('bwrap', ['--version'])
      ? null
      : 'the fake’s sandboxes need bubblewrap, which is not installed',
  kubernetes: () =>
    runs('bwrap', ['--version'])
      ? null
      : 'the fake’s containers need bubblewrap, which is not installed',
};

const known = new Map(backendNames.map((backend) => [backend, lacks[backend]()]));

/** Those whose Python is the system's, or an image's. */
export const nativeBackends: readonly BackendName[] = ['local', 'container'];

/** Those whose workers are in places: also on another machine. */
export const placeBackends: readonly BackendName[] = [...nativeBackends, 'daytona', 'kubernetes'];

/** Why a backend cannot be had on this machine; null where it can. */
export function findLack(backend: BackendName): string | null {
  return known.get(backend) ?? null;
}

/** One suite for each backend. */
export function describePython(
  title: string,
  define: (this: Suite, backend: BackendName) => void,
  backends: readonly BackendName[] = ['wasm', 'local'],
): void {
  for (const backend of backends) {
    const lack = findLack(backend);
    describe(`${title}, backend ${backend}`, function () {
      if (lack === null) {
        define.call(this, backend);
        return;
      }
      it('can be tested here', function () {
        if (process.env['CI']) {
          throw new Error(
            `Backend ${backend} cannot be tested: ${lack}. See .ci/installBackends.mjs.`,
          );
        }
        process.stderr.write(`      backend ${backend} is not tested: ${lack}\n`);
        this.skip();
      });
    });
  }
}

/** The same of JavaScript. */
export function describeJavascript(
  title: string,
  define: (this: Suite, backend: BackendName) => void,
  backends?: readonly BackendName[],
): void {
  describePython(title, define, backends);
}

/** For what only some backends do. */
export function itIn(
  backends: readonly BackendName[],
  backend: BackendName,
): (title: string, test: Mocha.AsyncFunc) => void {
  return backends.includes(backend) ? (title, test) => void it(title, test) : () => undefined;
}

function runs(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}
