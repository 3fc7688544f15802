// Which notes a family of models needs beside the common instructions, by the model's name.

import type { PromptName } from './promptFiles';

interface Family {
  readonly pattern: RegExp;
  readonly notes: PromptName;
}

const families: readonly Family[] = [
  // Source: the RLM paper, appendix on prompts: Qwen asked sub-models hundreds of times where GPT-5
  // asked ten times, until it was told to batch. Open models of the same kind behave alike.
  {
    pattern: /qwen|deepseek|glm|kimi|minimax|mistral|mixtral|llama|gpt-oss/iu,
    notes: 'notesFrugal',
  },
  // By size in the name, or by a server that runs models on the user's own machine.
  {
    pattern:
      /^(ollama|lmstudio|llamacpp|llama\.cpp|vllm|local)\/|[-:_ ](\d|[12]\d|3[0-4])(\.\d+)?b\b|gemma|phi-?\d|nano|tiny/iu,
    notes: 'notesSmall',
  },
];

/** `model` as `provider/model`; null: not known yet. */
export function listNotes(model: string | null): readonly PromptName[] {
  return model === null
    ? []
    : families.filter(({ pattern }) => pattern.test(model)).map(({ notes }) => notes);
}
