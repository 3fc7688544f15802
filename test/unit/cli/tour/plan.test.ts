import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  createCodePlan,
  createProfilePlan,
  createTypeScriptPlan,
} from '../../../../src/cli/tour/plan';
import { counted, countMatches, findWrongCitations } from '../../../../src/cli/tour/recount';
import { RlmError } from '../../../../src/core/errors';
import { useTempFolder } from '../../../support/tempFolder';

describe('the plan of a tour', () => {
  const folder = useTempFolder();

  it('takes the installed TypeScript, at least 5 MB of it', async () => {
    const lib = path.join(folder(), 'node_modules', 'typescript', 'lib');
    await mkdir(lib, { recursive: true });
    await writeFile(path.join(lib, '..', 'package.json'), '{"name":"typescript"}');
    await writeFile(path.join(lib, 'a.js'), 'x'.repeat(5_000_000));
    await writeFile(path.join(lib, 'b.d.ts'), '');
    await writeFile(path.join(lib, 'c.json'), '');
    const plan = await createTypeScriptPlan([path.join(folder(), 'x.js')]);
    assert.deepStrictEqual(
      plan.paths.map((file) => path.basename(file)),
      ['a.js', 'b.d.ts'],
    );
    await writeFile(path.join(lib, 'a.js'), '');
    await assert.rejects(
      createTypeScriptPlan([path.join(folder(), 'x.js')]),
      (error) => error instanceof RlmError && error.code === 'INVALID_INPUT',
    );
  });

  it('names every step by what its code says it does', () => {
    const { steps } = createProfilePlan(['a.log']);
    assert.equal(steps.length, 4);
    assert.ok(steps.every(({ title, code }) => code.startsWith(`# ${title}\n`)));
  });

  it('keeps the steps of a person’s code', () => {
    const plan = createCodePlan(['a.log'], {
      steps: ['1', '2'],
      language: 'javascript',
      name: 'c.js',
    });
    assert.deepStrictEqual(
      plan.steps.map(({ code }) => code),
      ['1', '2'],
    );
  });
});

describe('the recount of a tour', () => {
  const folder = useTempFolder();

  it('counts marks and finds citations that do not hold', async () => {
    await writeFile(
      path.join(folder(), 'a.ts'),
      '/** @deprecated */\nx @deprecatedly\n@deprecated @deprecated\n',
    );
    assert.equal(await countMatches([path.join(folder(), 'a.ts')], counted.mark_count), 3);
    const wrong = await findWrongCitations(
      [
        ['a.ts', 1, '/** @deprecated */'],
        ['a.ts', 2, '@deprecated'],
        ['a.ts', 9, ''],
      ],
      folder(),
    );
    assert.deepStrictEqual(
      wrong.map(([, line]) => line),
      [2, 9],
    );
  });
});
