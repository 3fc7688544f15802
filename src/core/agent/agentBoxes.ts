// Port: containers in which an agent's program runs with all that it starts, without a network and without a key.
// Implemented in src/agents/boxes.

export interface AgentBoxes {
  /**
   * What starts a program in a container of its own; the container ends with the program's input, and by `dispose`.
   * @throws RlmError 'BACKEND_UNAVAILABLE' with the command that would make it work; 'INVALID_INPUT' for a folder that no
   * container can be given; 'CANCELLED'.
   */
  open(request: BoxRequest, signal: AbortSignal): Promise<AgentBox>;
  /** Removes what an earlier engine has left of the run. Never rejects. */
  remove(runId: string): Promise<void>;
}

export interface BoxRequest {
  readonly runId: string;
  /** A program of this machine, which the container is given to read; its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  /** Absolute folders, which have the same paths inside. */
  readonly folders: readonly { readonly path: string; readonly writes: boolean }[];
  /** One of them, or below one. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Of this machine's loopback: what listens there is reached at the same port inside, and nothing else is. */
  readonly ports: readonly number[];
}

export interface AgentBox {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Removes the container, if it is still there. */
  dispose(): void;
}

/** The same whichever engine goes on with the run. */
export function toBoxName(runId: string): string {
  return `rlm-agent-${runId}`;
}
