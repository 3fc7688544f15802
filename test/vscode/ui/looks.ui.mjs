// The same screens in every kind of theme, and in a workspace that is not trusted.

/* global beforeEach, afterEach, it */

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createPlace, describeWorkbench, openWorkbench } from './workbench.mjs';

const work = [
  'hits = grep("ERROR", max_matches=10_000)\nprint(len(hits), "errors")\nhits[:2]',
  'from collections import Counter\nby_day = Counter(hit.line_text[:10] for hit in hits)\nby_day',
  'worst = max(by_day, key=by_day.get)\nfirst = next(h for h in hits if h.line_text.startswith(worst))\nfirst.line, first.line_text',
  'report = {"errors": len(hits), "worst": worst}\nint(report["worst"])',
].join('\n# %%\n');

describeWorkbench('the looks of the extension', () => {
  let place;
  let workbench;

  beforeEach(async () => {
    place = await createPlace();
    await place.runElsewhere(work);
    await place.runElsewhere('len(context)');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench?.shoot('failure-looks');
    }
    await workbench?.dispose();
    await place.dispose();
  });

  const themes = {
    light: 'Default Light Modern',
    dark: 'Default Dark Modern',
    'high-contrast': 'Default High Contrast',
    'high-contrast-light': 'Default High Contrast Light',
  };
  for (const [name, theme] of Object.entries(themes)) {
    it(`are whole in a ${name} theme`, async () => {
      workbench = await openWorkbench(place, { theme });
      await workbench.showSessions();
      await workbench.row('Closed').click();
      await workbench.page.locator('.sidebar .monaco-list-row[aria-level="2"]').nth(1).click();
      await workbench.viewer.locator('.row[data-kind="step"]').first().click();
      await workbench.shoot(`theme-${name}`);
    });
  }

  it('offer no action in a workspace that is not trusted, and show traces all the same', async () => {
    workbench = await openWorkbench(place, { isTrusted: false });
    await workbench.showSessions();
    await workbench.row('Closed').click();
    const row = workbench.page.locator('.sidebar .monaco-list-row[aria-level="2"]').first();
    await row.click();
    const { viewer } = workbench;
    await viewer.getByText('This workspace is not trusted').waitFor();
    await viewer.locator('.row[data-kind="step"]').first().waitFor();
    await workbench.shoot('untrusted');
    assert.equal(await viewer.getByRole('button', { name: 'Resume' }).count(), 0);
    assert.equal(await row.locator('.action-label[aria-label="Resume Session"]').count(), 0);
    assert.deepStrictEqual(await readdir(path.join(place.home, 'engines')), []);
  });
});
