import assert from 'node:assert/strict';
import { type SearchedStep, toSearchHint } from '../../../src/core/searchHint';

const slow: SearchedStep = {
  code: 'import re\nlen(re.findall("x", context))',
  language: 'python',
  durationMs: 4_200,
  contextChars: 50_000_000,
};

describe('a hint that a helper would have been quicker', () => {
  const given: readonly (readonly [name: string, Partial<SearchedStep>])[] = [
    ['re over the context', {}],
    ['a compiled pattern', { code: 'for m in p.finditer(context): n += 1' }],
    ['JavaScript', { language: 'javascript', code: '[...context.matchAll(/x/g)].length' }],
  ];
  for (const [name, step] of given) {
    it(`is given for ${name}`, () => {
      assert.match(
        toSearchHint({ ...slow, ...step }) ?? '',
        /^The step took 4\.2 s, .*grep\(pattern\)/u,
      );
    });
  }

  const withheld: readonly (readonly [name: string, Partial<SearchedStep>])[] = [
    ['a short step', { durationMs: 1_999 }],
    ['a short context', { contextChars: 999_999 }],
    ['other work', { code: 'sorted(context.split())' }],
    ['other texts', { code: 're.findall("x", text)' }],
    ['code that greps', { code: 'grep("x"); re.findall("x", context)' }],
    ['code that counts', { code: 'count("x"), re.search("x", context)' }],
  ];
  for (const [name, step] of withheld) {
    it(`is not given for ${name}`, () => {
      assert.equal(toSearchHint({ ...slow, ...step }), null);
    });
  }
});
