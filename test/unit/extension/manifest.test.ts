// What package.json promises to the editor, against the sources that keep it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { limitRanges } from '../../../src/core/limits';
import { tools } from '../../../src/mcp/toolList';
import {
  backendWords,
  finishWords,
  statusWords,
  stopWords,
  verdictWords,
} from '../../../src/export/wording';
import { toolSets } from '../../../src/mcp/tool';
import { providerKinds } from '../../../src/models/providerKind';
import manifest from '../../../package.json';
import texts from '../../../package.nls.json';
import translatable from '../../../l10n/bundle.l10n.json';

function readSources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'));
}

function listLiterals(source: string): readonly string[] {
  return [...source.matchAll(/(?<!=== )'([^']*)'/gu)].map(([, text = '']) => text);
}

describe('the extension’s manifest', () => {
  const written = JSON.stringify(manifest);

  it('has a text for every placeholder, and no other texts', () => {
    const used = new Set([...written.matchAll(/"%([\w.]+)%"/gu)].map(([, key]) => key));
    assert.deepStrictEqual([...used].sort(), Object.keys(texts).sort());
  });

  it('names only commands that it contributes', () => {
    const known = new Set(manifest.contributes.commands.map(({ command }) => command));
    const everywhere = `${written}${JSON.stringify(texts)}`;
    const named = [...everywhere.matchAll(/"command":"(rlm\.\w+)"|\(command:(rlm\.\w+)\)/gu)];
    const missing = named
      .map(([, inMenu, inText]) => inMenu ?? inText ?? '')
      .filter((command) => !known.has(command));
    assert.deepStrictEqual(missing, []);
  });

  it('gives guardrail settings the domain’s defaults and ranges', () => {
    const properties: Record<string, object> = manifest.contributes.configuration.properties;
    for (const [name, declared] of Object.entries(properties)) {
      const [, limit] = /^rlm\.limits\.(\w+)$/u.exec(name) ?? [];
      if (limit !== undefined) {
        const range = Object.entries(limitRanges).find(([one]) => one === limit)?.[1];
        assert.ok(range, name);
        const { min, max } = range;
        const expected = { ...declared, default: range.default, minimum: min, maximum: max };
        assert.deepStrictEqual(declared, expected);
      }
    }
  });

  it('keeps workspaces from sending prompts or keys to servers of theirs', () => {
    const properties: Record<string, { readonly scope: string }> =
      manifest.contributes.configuration.properties;
    const scopes = Object.entries(properties)
      .filter(([name]) => /^rlm\.models\.(openai|anthropic)/u.test(name))
      .map(([, { scope }]) => scope);
    assert.deepStrictEqual(scopes, ['machine', 'machine', 'machine']);
    assert.equal(properties['rlm.sandbox.network']?.scope, 'machine');
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.ok(restrictedConfigurations.includes('rlm.models.loop'));
    assert.ok(restrictedConfigurations.includes('rlm.models.subtask'));
  });

  it('says to set keys and addresses up where errors send people', () => {
    const everywhere = `${written}${JSON.stringify(texts)}`;
    const named = providerKinds.flatMap(({ names }) => [
      /“RLM: (.+?)”/u.exec(names.editor.key)?.[1] ?? '',
      /rlm\.[\w.]+/u.exec(names.editor.url)?.[0] ?? '',
    ]);
    assert.deepStrictEqual(
      named.filter((name) => name === '' || !everywhere.includes(`"${name}"`)),
      [],
    );
  });

  it('keeps workspaces from widening what may be read, and from deleting traces', () => {
    const properties: Record<string, { readonly scope: string }> =
      manifest.contributes.configuration.properties;
    const names = ['rlm.home', 'rlm.allowedFolders', 'rlm.downloadFolder', 'rlm.retentionDays'];
    assert.deepStrictEqual(
      names.map((name) => properties[name]?.scope),
      ['machine', 'machine', 'machine', 'machine'],
    );
  });

  it('switches every tool set, says what is in it, and lets no untrusted workspace do so', () => {
    const { properties } = manifest.contributes.configuration.properties['rlm.toolSets'];
    assert.deepStrictEqual(Object.keys(properties), [...toolSets]);
    const words: Record<string, string> = texts;
    const unnamed = tools.filter(
      ({ name, set }) => set !== null && !words[`setting.toolSets.${set}`]?.includes(name),
    );
    assert.deepStrictEqual(unnamed, []);
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.ok(restrictedConfigurations.includes('rlm.toolSets'));
  });

  it('contributes files that are there', () => {
    const files = [...written.matchAll(/"(?:\.\/)?(media\/[\w./-]+)"/gu)].map(([, file]) => file);
    assert.deepStrictEqual(
      files.filter((file) => !existsSync(file ?? '')),
      [],
    );
    assert.ok(files.length > 5);
  });

  it('has every text of the sources in the bundle for translators', () => {
    const sources = [
      ...['src/extension', 'webview'].flatMap(readSources),
      readFileSync('src/export/wording.ts', 'utf8'),
    ];
    const find = (pattern: RegExp): readonly string[] =>
      sources.flatMap((source) => [...source.matchAll(pattern)].map(([, text = '']) => text));
    const plain = find(/\b(?:t|translate)\(\s*'((?:[^'\\]|\\.)*)'/gu);
    const either = find(/\b(?:t|translate)\(([^()']*'[^()]*' : '[^()]*')\)/gu);
    const nouns = find(/\btoPlural\(([^()]*)\)/gu).flatMap(listLiterals);
    const used = [
      ...plain,
      ...either.flatMap(listLiterals),
      ...nouns.flatMap((noun) => [`{0} ${noun}`, `{0} ${noun}s`]),
      ...[backendWords, statusWords, verdictWords, stopWords, finishWords].flatMap((words) =>
        Object.values<string>(words),
      ),
    ];
    assert.deepStrictEqual([...new Set(used)].sort(), Object.keys(translatable).sort());
  });
});
