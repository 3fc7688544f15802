// Language models of the editor for the tests. They answer by rule, and note what they were asked in
// the file that RLM_TEST_MODEL_LOG names. With RLM_TEST_MODEL_CONSENT the editor asks for consent first.

const { appendFileSync } = require('node:fs');
const vscode = require('vscode');

const logFile = process.env.RLM_TEST_MODEL_LOG;
const requiresAuthorization = process.env.RLM_TEST_MODEL_CONSENT !== undefined;

/** What the code of a run's first and second iteration is, by a word of the task. */
const rules = [
  {
    word: 'How many errors',
    turns: [
      'hits = grep("ERROR", max_matches=100_000)\nprint(len(hits), hits[0].line_text)',
      'kind = llm_query("What kind of error is this? " + hits[0].line_text)\nSUBMIT(answer=f"{len(hits)} errors: {kind}")',
    ],
  },
  { word: 'How long', turns: ['SUBMIT(answer=f"{len(context)} characters")'] },
  {
    word: 'hostile',
    turns: [
      'SUBMIT(answer="<img src=x onerror=alert(1)> ![leak](https://evil.example/leak.png) [stop](command:rlm.showLog)")',
    ],
  },
  { word: 'undecided', turns: ['print("nothing yet")'] },
];

function toText({ content }) {
  return content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))
    .join('');
}

function toAnswer(texts) {
  const last = texts.at(-1);
  if (last.startsWith('What kind of error')) {
    return 'a full disk';
  }
  if (last.includes('There are no more iterations')) {
    return 'drawn from the variables';
  }
  const rule = rules.find(({ word }) => texts.some((text) => text.includes(word)));
  const turn = texts.filter((text) => /^Step \d+ ran\./u.test(text)).length;
  const code = rule?.turns[Math.min(turn, rule.turns.length - 1)];
  return code ? `The next thing is this.\n\n\`\`\`repl\n${code}\n\`\`\`\n` : 'No rule fits.';
}

function note(entry) {
  if (logFile) {
    appendFileSync(logFile, `${JSON.stringify(entry)}\n`);
  }
}

const provider = {
  provideLanguageModelChatInformation: () => [
    {
      id: 'one',
      name: 'Rule One',
      family: 'rules',
      version: '1',
      maxInputTokens: 100_000,
      maxOutputTokens: 10_000,
      capabilities: { toolCalling: true }, // the chat lists no others
      isUserSelectable: true,
      ...(requiresAuthorization ? { requiresAuthorization: true } : {}),
    },
  ],
  async provideLanguageModelChatResponse(model, messages, _options, progress, token) {
    const texts = messages.map(toText);
    note({ kind: 'asked', model: model.id, last: texts.at(-1) });
    if (texts.some((text) => text.includes('Wait until'))) {
      progress.report(new vscode.LanguageModelTextPart('I wait'));
      await new Promise((resolve) => {
        token.onCancellationRequested(resolve);
      });
      note({ kind: 'cancelled', model: model.id });
      return;
    }
    for (const piece of toAnswer(texts).match(/[^]{1,40}/gu)) {
      progress.report(new vscode.LanguageModelTextPart(piece));
    }
  },
  provideTokenCount: async (_model, text) =>
    Math.ceil((typeof text === 'string' ? text : toText(text)).length / 4),
};

exports.activate = (context) => {
  context.subscriptions.push(vscode.lm.registerLanguageModelChatProvider('rule', provider));
};
