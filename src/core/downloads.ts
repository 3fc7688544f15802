// Port: puts files that come out of a sandbox below the one folder that the user has allowed. Implemented in src/context.

export interface Downloads {
  /** Null: the user has allowed none. */
  readonly folder: string | null;
  /**
   * Relative paths start at the folder. In one move: nobody sees a part of the file.
   * @throws RlmError 'PATH_NOT_ALLOWED' outside the folder, or where none is allowed; 'INVALID_INPUT' for what is there
   * already (unless `overwrite`), is no file, or cannot be written.
   */
  write(given: string, bytes: Uint8Array, overwrite: boolean): Promise<WrittenDownload>;
}

export interface WrittenDownload {
  /** Absolute. */
  readonly path: string;
  readonly replaced: boolean;
}
