// What is called of a container program for containers that may be gone: a stand-in for the program ends at the first
// that it has not, as docker and podman may.

import assert from 'node:assert/strict';
import { chmod, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeContainers } from '../../../../src/sandbox/native/container/runtimeCli';
import { useTempFolder } from '../../../support/tempFolder';

describe('containers that are removed by a program', function () {
  const folder = useTempFolder();
  before(function () {
    if (process.platform === 'win32') {
      this.skip(); // the stand-in is a script of a shell
    }
  });

  it('are all removed, wherever in their list one is gone already', async () => {
    const file = path.join(folder(), 'podman');
    const script = `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> calls
[ "$1" = rm ] && shift 2 || shift
for name in "$@"; do
  [ -e "$name.there" ] || exit 125
  case "$(tail -n 1 calls)" in rm*) rm "$name.there" ;; esac
done
`;
    await writeFile(file, script);
    await chmod(file, 0o700);
    for (const names of [['gone', 'a', 'b'], ['a', 'gone', 'b'], ['a', 'b', 'gone'], ['gone']]) {
      await writeFile(path.join(folder(), 'calls'), '');
      const there = names.filter((name) => name !== 'gone');
      await Promise.all(there.map((name) => writeFile(path.join(folder(), `${name}.there`), '')));
      await removeContainers({ file, env: { PATH: process.env['PATH'] ?? '' } }, names);
      const left = (await readdir(folder())).filter((name) => name.endsWith('.there'));
      const calls = await readFile(path.join(folder(), 'calls'), 'utf8');
      assert.deepStrictEqual(left, [], calls);
      for (const name of there) {
        const own = calls.split('\n').filter((call) => call.split(' ').at(-1) === name);
        assert.deepStrictEqual(own, [`kill ${name}`, `rm --force ${name}`], 'killed first');
      }
    }
  });
});
