// The modes of what is for its owner alone: as it may hold keys, prompts or texts of a person.

export const ownerFile = 0o600;
/** Only the owner may list or enter. */
export const ownerFolder = 0o700;
