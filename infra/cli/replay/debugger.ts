/** Opens Node's inspector for a replay. */
import { open, url, waitForDebugger } from 'node:inspector';

/** The port of `--inspect` without a number: that of Node's inspector. */
export const defaultDebuggerPort = 9229;

/** The inspector could not be opened. */
export class DebuggerUnavailable extends Error {
  override readonly name = 'DebuggerUnavailable';

  constructor(port: number) {
    super(
      `No debugger can attach: port ${port} of 127.0.0.1 is in use, perhaps by another replay. End that process, or choose another port: --inspect ${port === 65_535 ? port - 1 : port + 1}`,
    );
  }
}

/**
 * Opens the inspector. Node reports a port that is taken on standard error only, and opens nothing
 * (https://nodejs.org/api/inspector.html#inspectoropenport-host-wait).
 * @throws {DebuggerUnavailable}
 */
export const openDebugger = (port: number): void => {
  open(port, '127.0.0.1');
  if (url() === undefined) throw new DebuggerUnavailable(port);
};

/** Blocks until a debugger is attached. */
export const untilAttached = (): void => {
  console.log('waiting for a debugger (chrome://inspect, or "attach" in the editor) …');
  waitForDebugger();
};
