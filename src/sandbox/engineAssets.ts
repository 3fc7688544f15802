// The engines' files, compiled once in a process and shared by all its workers.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Language } from '../core/sandbox';
import { exportFunctionTable } from './functionTable';
import type { JavaScriptAssets } from './worker/javascriptWorker';
import type { PythonAssets } from './worker/pythonWorker';

type LanguageAssets = JavaScriptAssets | PythonAssets;

/** Files and pipes of one Python sandbox, in memory outside the interpreter's own heap. */
const maxFileBytes = 128 * 1024 * 1024;

export class EngineAssets {
  readonly folder: string;
  readonly #loaded = new Map<Language, Promise<LanguageAssets>>();

  /** `folder` holds the worker bundles and the engines' files, as the build leaves them. */
  constructor(folder: string) {
    this.folder = folder;
  }

  load(language: Language): Promise<LanguageAssets> {
    const known = this.#loaded.get(language);
    if (known) {
      return known;
    }
    const loading = language === 'python' ? this.#loadPython() : this.#loadJavaScript();
    this.#loaded.set(language, loading);
    loading.catch(() => this.#loaded.delete(language));
    return loading;
  }

  async #loadPython(): Promise<PythonAssets> {
    const [wasm, glue, zip] = await Promise.all([
      this.#read('python.wasm'),
      this.#read('python.glue.js'),
      this.#read('python313.zip'),
    ]);
    const library = new Uint8Array(new SharedArrayBuffer(zip.length));
    library.set(zip);
    const wasmModule = await WebAssembly.compile(wasm);
    return { wasmModule, glue: glue.toString('utf8'), library, maxFileBytes };
  }

  async #loadJavaScript(): Promise<JavaScriptAssets> {
    const wasm = exportFunctionTable(await this.#read('quickjs.wasm'));
    return { wasmModule: await WebAssembly.compile(wasm) };
  }

  #read(name: string): Promise<Buffer<ArrayBuffer>> {
    return readFile(path.join(this.folder, name));
  }
}
