// What a tour looks at and runs: TypeScript's own files, or the files and code a person gave.

import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { toByteText } from '../../base/text';
import { RlmError } from '../../core/errors';
import type { Language } from '../../core/sandbox';
import errorReport from './errorReport.py.txt';
import errorRule from './errorRule.py.txt';
import findErrors from './findErrors.py.txt';
import findMarks from './findMarks.py.txt';
import mapPieces from './mapPieces.py.txt';
import markReport from './markReport.py.txt';
import markRule from './markRule.py.txt';

export interface TourPlan {
  readonly title: string;
  readonly paths: readonly string[];
  readonly language: Language;
  readonly steps: readonly TourStep[];
  /** The variable that holds the answer; null when the code says it by FINAL, or not at all. */
  readonly answerVariable: string | null;
  /** Whether the counts and citations can be checked outside the sandbox. */
  readonly isCheckable: boolean;
}

export interface TourStep {
  readonly title: string;
  readonly code: string;
}

/** Any texts, by the built-in profile. */
export function createProfilePlan(files: readonly string[]): TourPlan {
  return {
    title: `Profile of ${files.join(', ')}`,
    paths: files,
    language: 'python',
    steps: [findErrors, errorRule, mapPieces, errorReport].map(toStep),
    answerVariable: 'report',
    isCheckable: false,
  };
}

/** Any texts, by the person's own code. */
export function createCodePlan(
  files: readonly string[],
  code: { readonly steps: readonly string[]; readonly language: Language; readonly name: string },
): TourPlan {
  return {
    title: `${code.name} over ${files.join(', ')}`,
    paths: files,
    language: code.language,
    steps: code.steps.map((step, at) => ({
      title: `Run step ${at + 1} of ${code.name}`,
      code: step,
    })),
    answerVariable: null,
    isCheckable: false,
  };
}

const minBytes = 5_000_000;

/**
 * The files of the installed TypeScript.
 * @throws RlmError 'INVALID_INPUT' when they are not there.
 */
export async function createTypeScriptPlan(searchFrom: readonly string[]): Promise<TourPlan> {
  const found = searchFrom.map(findTypeScript).find((folder) => folder !== null);
  const files = found ? await listTexts(path.join(found, 'lib')) : [];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes < minBytes) {
    throw new RlmError(
      'INVALID_INPUT',
      'TypeScript’s own files, the tour’s text, are not installed here.',
      {
        nextStep: 'Name a text of your own: rlm-companion tour FILE.',
      },
    );
  }
  return {
    title: `TypeScript's own files: ${files.length} files, ${toByteText(bytes)}`,
    paths: files.map((file) => file.path),
    language: 'python',
    steps: [findMarks, markRule, mapPieces, markReport].map(toStep),
    answerVariable: 'report',
    isCheckable: true,
  };
}

function findTypeScript(from: string): string | null {
  try {
    return path.dirname(createRequire(from).resolve('typescript/package.json'));
  } catch {
    return null;
  }
}

/** The largest first. */
async function listTexts(
  folder: string,
): Promise<readonly { readonly path: string; readonly bytes: number }[]> {
  const names = (await readdir(folder)).filter((name) => /\.(?:js|d\.ts)$/u.test(name));
  const files = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return { path: file, bytes: (await stat(file)).size };
    }),
  );
  return files.sort((left, right) => right.bytes - left.bytes);
}

/** A file of code begins with a comment that says what it does. */
function toStep(code: string): TourStep {
  return { title: /^# (.*)/u.exec(code)?.[1] ?? 'Run code', code };
}
