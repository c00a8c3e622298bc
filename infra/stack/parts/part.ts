/** What the parts of the stack are given, and what they give back. */

import type { PortChooser } from '../ports.ts';
import type { Supervisor } from '../supervisor.ts';

export interface StackContext {
  readonly dataFolder: string;
  /** The environment the stack was started with: a variable that is set there replaces the part that stands for it. */
  readonly shellEnv: NodeJS.ProcessEnv;
  readonly choosePort: PortChooser;
  readonly supervisor: Supervisor;
}

/** One line of the table of addresses. */
export interface Address {
  readonly name: string;
  readonly address: string;
  readonly note?: string | undefined;
}

/** A part that runs: the variables it stands for, and where it can be looked at. */
export interface Part {
  readonly env: Readonly<Record<string, string>>;
  readonly addresses: readonly Address[];
  /** Its page, for links. */
  readonly urls?: { readonly webUi?: string; readonly inbox?: string; readonly sandbox?: string };
}

/** What to say of a port that is not the one people expect. */
export const portNote = (insteadOf: number | undefined): string | undefined =>
  insteadOf === undefined ? undefined : `port ${insteadOf} is taken`;

/** The service's own programs, started like in production but for the environment. */
export const nodeProgram = (path: string) => ({ command: process.execPath, arguments: [path] });

/** True once the address answers with success. Never throws. */
export const isHttpReady = async (url: string): Promise<boolean> => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
};
