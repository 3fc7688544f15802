// The bundle of the providers' own clients, loaded when one is first needed (`models.js` in a build).

export { createAnthropicClient } from './anthropicClient';
export { createOpenAiClient } from './openAiClient';
