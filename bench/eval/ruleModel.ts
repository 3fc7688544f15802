// A model that answers by rule. Asked to work in a loop, it writes code: look at the context, ask the
// sub-model about its chunks, put the answers together. Asked about a chunk, it classifies by the rule.
// What it scores says that the plumbing is right, and nothing about models.

import type { ModelAnswer, ModelProvider, ModelRequest } from '../../src/core/model';
import { estimateTokens } from '../../src/core/tokens';
import { classify, parseLines } from './instances';
import { type NeedleKind, type NeedleQuery, type Query, parseQuestion } from './query';
import { findRightAnswer, formatAnswer } from './rightAnswer';
import {
  chunkEnd,
  labelPrompt,
  needlePrompt,
  toAnswerCode,
  toAskCode,
  toLookCode,
} from './ruleCode';

export const ruleModelName = 'rule/rule';

export const ruleModel: ModelProvider = {
  name: 'rule',
  isReady: () => Promise.resolve(true),
  answer: (request) => Promise.resolve(answer(request)),
  readStatus: () =>
    Promise.resolve({
      provider: 'rule',
      state: 'ready',
      detail: 'Answers evaluations by rule.',
      models: [ruleModelName],
    }),
};

function answer({ messages, purpose }: ModelRequest): ModelAnswer {
  const user = messages.filter(({ role }) => role === 'user').map(({ text }) => text);
  // A loop begins with instructions; a whole text comes without.
  const isLoop = purpose === 'loop' && messages[0]?.role === 'system';
  const text = isLoop ? writeCode(user) : answerPrompt(user.at(-1) ?? '');
  return {
    text,
    model: ruleModelName,
    promptTokens: messages.reduce((sum, message) => sum + estimateTokens(message.text), 0),
    answerTokens: estimateTokens(text),
    tokensEstimated: true,
    costUsd: null,
  };
}

/** What to do next follows from what the code so far has printed. */
function writeCode(user: readonly string[]): string {
  const [query] = user.flatMap((text) => parseQuestion(text) ?? []);
  if (!query) {
    return 'I know no rule for this task.';
  }
  return `\`\`\`python\n${toCode(query, user.join('\n'))}\n\`\`\``;
}

function toCode(query: Query, printed: string): string {
  if (/^asked: \d+ prompts/mu.test(printed)) {
    return toAnswerCode(query);
  }
  const chars = /^looked: (\d+) characters/mu.exec(printed)?.[1];
  return chars === undefined ? toLookCode() : toAskCode(query, Number(chars));
}

/** A chunk with one of the instructions of our code, or else a whole text with its question. */
function answerPrompt(prompt: string): string {
  const [instruction = ''] = prompt.split('\n', 1);
  const chunk = prompt.slice(prompt.indexOf(chunkEnd) + chunkEnd.length);
  if (instruction === labelPrompt) {
    return chunk.trim().split('\n').map(toLabelLine).join('\n');
  }
  if (instruction === needlePrompt) {
    const query = parseQuestion(prompt.slice(0, prompt.indexOf(chunkEnd)));
    return query?.kind === 'needles' ? findNeedles(query, chunk).join('\n') : '';
  }
  return answerWhole(prompt);
}

function toLabelLine(line: string): string {
  return classify(line.slice(line.lastIndexOf('Instance: ') + 'Instance: '.length)) ?? 'unknown';
}

function findNeedles({ values, keys }: NeedleQuery, text: string): readonly string[] {
  return [...text.matchAll(needlePatterns[values])].flatMap(([, key = '', value = '']) =>
    keys.includes(key) ? [value] : [],
  );
}

const needlePatterns: Readonly<Record<NeedleKind, RegExp>> = {
  number: /One of the special magic numbers for (\S+) is: (\d+)\./gu,
  uuid: /One of the special magic uuids for (\S+) is: ([\da-f-]+)\./gu,
};

function answerWhole(prompt: string): string {
  const query = parseQuestion(prompt);
  if (!query) {
    return 'I know no rule for this question.';
  }
  return query.kind === 'needles'
    ? findNeedles(query, prompt).join(', ')
    : formatAnswer(findRightAnswer(query, parseLines(prompt)));
}
