// The quota of a Python session's files: what is let go of is given back, in every way there is to let
// go, so that long sessions do not run out. The caps themselves are held by the tests of attacks.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

const rounds = 6;
const bytes = '"x" * 40_000_000'; // a third of the quota

describe('a python session’s files', () => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(() => {
    sandboxes = createSandboxes();
  });
  after(() => sandboxes.dispose());
  beforeEach(async () => {
    repl = await Repl.open(sandboxes);
  });
  afterEach(() => repl.sandbox.dispose());

  const ways: Readonly<Record<string, string>> = {
    'a file is removed': 'open("/tmp/a", "w").write(BYTES)\n    os.remove("/tmp/a")',
    'a file is replaced by another':
      'open("/tmp/a", "w").write(BYTES)\n    os.replace("/tmp/a", "/tmp/b")',
    'a file is made empty': 'open("/tmp/a", "w").write(BYTES)\n    os.truncate("/tmp/a", 0)',
    'a file that was removed is closed':
      'f = open("/tmp/a", "w")\n    f.write(BYTES)\n    os.remove("/tmp/a")\n    f.close()',
    'a file without a name is closed': 'with tempfile.TemporaryFile("w") as f: f.write(BYTES)',
    'a pipe is read':
      'os.write(w, BYTES.encode())\n    while len(os.read(r, 2 ** 26)) == 2 ** 26: pass',
    'a pipe is closed':
      'one, two = os.pipe()\n    os.write(two, BYTES.encode())\n    os.close(one); os.close(two)',
    'a folder is removed with its files':
      'os.mkdir("/tmp/d")\n    open("/tmp/d/a", "w").write(BYTES)\n    shutil.rmtree("/tmp/d")',
  };
  for (const [name, code] of Object.entries(ways)) {
    it(`gives bytes back when ${name}`, async () => {
      const outcome = await repl.run(
        `import os, shutil, tempfile\nBYTES = ${bytes}\nr, w = os.pipe()\n` +
          `for _ in range(${rounds}):\n    ${code}`,
      );
      assert.equal(outcome.error, null);
    });
  }

  it('gives places back when files, links, folders and pipes are removed', async () => {
    const outcome = await repl.run(
      'import os\nfor _ in range(12_000):\n    open("/tmp/a", "w").close(); os.remove("/tmp/a")\n' +
        '    os.symlink("/tmp", "/tmp/l"); os.remove("/tmp/l")\n' +
        '    os.mkdir("/tmp/d"); os.rmdir("/tmp/d")\n    [os.close(fd) for fd in os.pipe()]',
    );
    assert.equal(outcome.error, null);
  });

  it('counts what a removed file holds for as long as it is open', async () => {
    const outcome = await repl.run(
      `import os\nheld = []\nfor _ in range(${rounds}):\n    held.append(open("/tmp/a", "w"))\n` +
        `    held[-1].write(${bytes})\n    held[-1].flush()\n    os.remove("/tmp/a")`,
    );
    assert.equal(outcome.error?.type, 'OSError');
  });

  it('keeps the content of a file that is open when it is replaced', async () => {
    const kept = await repl.evaluate(
      'import os\nf = open("/tmp/a", "w+")\nf.write("old"); f.flush()\nopen("/tmp/b", "w").write("new")\n' +
        'os.replace("/tmp/b", "/tmp/a")\nf.seek(0)\nf.read(), open("/tmp/a").read()',
    );
    assert.equal(kept, "('old', 'new')");
  });
});
