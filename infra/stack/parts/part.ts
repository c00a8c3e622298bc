/** Defines the inputs and the result of starting a part of the stack. */

import type { PortChooser } from '../ports.ts';
import type { Supervisor } from '../supervisor.ts';

export interface StackContext {
  readonly dataFolder: string;
  /** The environment of the stack's process. A variable that is set there replaces its part. */
  readonly shellEnv: NodeJS.ProcessEnv;
  readonly choosePort: PortChooser;
  readonly supervisor: Supervisor;
}

/** A line of the table of addresses. */
export interface Address {
  readonly name: string;
  readonly address: string;
  readonly note?: string | undefined;
}

/** A running part: the variables that it provides, and its addresses. */
export interface Part {
  readonly env: Readonly<Record<string, string>>;
  readonly addresses: readonly Address[];
  /** The addresses of its web pages. */
  readonly urls?: { readonly webUi?: string; readonly inbox?: string; readonly sandbox?: string };
}

/** Returns the note for a part that does not use its preferred port. */
export const portNote = (insteadOf: number | undefined): string | undefined =>
  insteadOf === undefined ? undefined : `port ${insteadOf} is taken`;

/** Returns the command of a program of the service. It is the same as in production. */
export const nodeProgram = (path: string, nodeOptions: readonly string[] = []) => ({
  command: process.execPath,
  arguments: [...nodeOptions, path],
});

/** Returns whether the address answers with a success status. Never throws. */
export const isHttpReady = async (url: string): Promise<boolean> => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
};
