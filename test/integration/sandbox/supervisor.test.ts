// Parts of the supervisor alone, as a Python program of this machine.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const supervisor = path.resolve('src/sandbox/native/guest/supervisor.py');

const shell = path.resolve('src/sandbox/native/guest/shell.py');

describe('the supervisor of a place', () => {
  it('keeps nothing open of a command that could not be started', () => {
    const code = `
import os
space = {"__name__": "shell"}
exec(open(${JSON.stringify(shell)}).read(), space)
def start(command, folder):
    try:
        space["Command"]({"command": command, "maxOutputChars": 10}, {"folder": folder, "environment": {}}, print)
    except (OSError, ValueError) as error:
        return type(error).__name__
count = lambda: len(os.listdir("/dev/fd"))
before = count()
print(start("a\\0b", "/tmp"), start("true", "/no/such/folder"), count() - before)`;
    const said = execFileSync('python3', ['-I', '-c', code], { encoding: 'utf8' });
    assert.equal(said.trim(), 'ValueError FileNotFoundError 0');
  });

  it('ends an interpreter that takes nothing of what it is told, and goes on', () => {
    const code = `
import os
space = {"__name__": "supervisor"}
exec(open(${JSON.stringify(supervisor)}).read(), space)
space["TAKE_SECONDS"] = 0.01
one = object.__new__(space["Supervisor"])
reads, one.to = os.pipe()
os.set_blocking(one.to, False)
one.group, one.why, killed = 7, None, []
one.kill_all = killed.append
one.tell(b"fits")
print(killed, os.read(reads, 10))
one.tell(bytes(10 ** 6))
print(killed, one.why)
os.close(reads)
one.tell(b"it has ended")
print(killed)`;
    const said = execFileSync('python3', ['-I', '-c', code], { encoding: 'utf8' });
    assert.deepStrictEqual(said.trim().split('\n'), [
      "[] b'fits'",
      '[7] it did not take what it was told',
      '[7]',
    ]);
  });
});
