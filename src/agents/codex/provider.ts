// What Codex asks its models with.

/** Given to the driver; read again whenever the process is started. */
export interface CodexProvider {
  /** Settings for every thread, as a table of Codex's configuration: `model_provider`, `model_providers`. No secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** For the process of Codex alone; its commands do not see it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user's own `auth.json`, used where it is; null: none. */
  readonly login: string | null;
}
