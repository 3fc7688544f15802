// Keys of model providers in the editor's secret storage, each under the address of its server: a key
// is never sent to a server that it was not entered for.

/** As of `vscode.SecretStorage`. */
interface Secrets {
  get(name: string): PromiseLike<string | undefined>;
  store(name: string, value: string): PromiseLike<void>;
  delete(name: string): PromiseLike<void>;
  keys(): PromiseLike<readonly string[]>;
}

const prefix = 'rlm.apiKey:';

export class KeyStore {
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  async read(url: string): Promise<string | undefined> {
    return this.#secrets.get(prefix + url);
  }

  async set(url: string, key: string): Promise<void> {
    await this.#secrets.store(prefix + url, key);
  }

  async remove(url: string): Promise<void> {
    await this.#secrets.delete(prefix + url);
  }

  /** Addresses of the servers that have a key. */
  async listServers(): Promise<readonly string[]> {
    const names = await this.#secrets.keys();
    return names
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort();
  }
}
