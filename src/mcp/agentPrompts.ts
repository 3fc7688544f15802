// Prompts about agents: one for each profile there is, and one for an additional agent. None where there are no agents.

import type { Profile } from '../core/agent/profile';
import type { Engine } from '../core/engine';
import additionalText from './prompts/additionalAgent.md';
import agentText from './prompts/agent.md';
import { fillIn, type Prompt } from './prompt';

const taskArgument = { name: 'task', description: 'What it is to do.', required: true };
const folderArgument = {
  name: 'folder',
  description: 'Where it works; left out: the engine’s own folder.',
  required: false,
};
const profileArgument = {
  name: 'profile_id',
  description: 'By which profile; left out: chosen by the task.',
  required: false,
};

/** `taken`: names of other prompts. */
export async function listAgentPrompts(
  { agents }: Engine,
  taken: readonly string[],
): Promise<readonly Prompt[]> {
  if (!agents) {
    return [];
  }
  const { profiles } = await agents.parts.profiles.list();
  const own = profiles.filter(({ id }) => ![...taken, additionalAgent.name].includes(id));
  return [...own.map(toPrompt), additionalAgent];
}

function toPrompt(profile: Profile): Prompt {
  const { id, title, description, goalset, checklist } = profile;
  return {
    name: id,
    title: `Agent: ${title}`,
    description,
    arguments: [taskArgument, folderArgument],
    render: (_, { task = '', folder = '' }) =>
      fillIn(agentText, {
        profile: title,
        profileId: id,
        task,
        description,
        folder: folder === '' ? '' : `, working_dir ${folder}`,
        goals: toList(goalset),
        checklist: toList(checklist.map((item) => `${item.id}: ${item.description}`)),
      }),
  };
}

const additionalAgent: Prompt = {
  name: 'additional_agent',
  title: 'An additional agent',
  description: 'Brings in one more agent beside those that work already.',
  arguments: [taskArgument, profileArgument],
  render: (_, { task = '', profile_id: profileId = '' }) =>
    fillIn(additionalText, {
      task,
      choice:
        profileId === ''
          ? 'Choose the profile whose description fits the task best, and the narrowest that can do it.'
          : `Take the profile ${profileId}.`,
    }),
};

function toList(items: readonly string[]): string {
  return items.length === 0 ? '- none' : items.map((item) => `- ${item}`).join('\n');
}
