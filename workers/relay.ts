/**
 * Processes the rows of a queue table (inbox or outbox) in rounds: immediately after a PostgreSQL notification, and
 * otherwise every few seconds. Polling finds rows after a lost notification, an expired lease or a delay. Each worker
 * process runs one relay per table. The claim (`SKIP LOCKED`) assigns each row to one process.
 */
import { Client } from 'pg';
import type { Logger } from '../foundation/observability/logger.ts';
import { type Loop, pauseIn, startLoop } from './loop.ts';

interface RelayOptions {
  /** The name in log lines, such as `outbox`. */
  readonly name: string;
  /** The channel that notifies of new rows. Without it the relay only polls. */
  readonly notifications?: { readonly databaseUrl: string; readonly channel: string };
  /**
   * Claims a batch and processes it. Resolves to whether there may be more rows now. Must throw when no row could be
   * processed, for example during an outage of the database or Temporal; the relay then pauses. When `stopping` is
   * aborted, it must finish or release the claimed rows.
   */
  readonly round: (stopping: AbortSignal) => Promise<boolean>;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds between two rounds when there is no notification. */
  readonly pollIntervalMs?: number;
}

const defaultPollIntervalMs = 5_000;
const maxPauseMs = 30_000;

/**
 * Starts the relay. After a failed round it pauses for 1 s, doubled with each further failure up to 30 s. `stop`
 * finishes the current round and closes the listener.
 */
export const startRelay = (options: RelayOptions): Loop => {
  const { name, notifications, round, logger, pollIntervalMs = defaultPollIntervalMs } = options;
  const wakeup = createWakeup();
  const listener = notifications && createPgListener(notifications, wakeup.trigger);

  const loop = startLoop(async (stopping, failuresBefore) => {
    try {
      await listener?.listen();
      wakeup.reset();
      const isMore = await round(stopping);
      if (!isMore && !stopping.aborted) await wakeup.wait(pollIntervalMs);
      return true;
    } catch (err) {
      await listener?.close();
      const failures = failuresBefore + 1;
      logger.warn({ err, relay: name, failures }, 'relay round failed; retrying');
      await pauseIn(stopping, Math.min(1_000 * 2 ** failuresBefore, maxPauseMs));
      return false;
    }
  });
  return {
    stop: async () => {
      const stopped = loop.stop();
      wakeup.trigger();
      await stopped;
      await listener?.close();
    },
  };
};

/** Ends a wait early. Several triggers count as one, and a trigger before `wait` ends that wait immediately. */
const createWakeup = () => {
  let isTriggered = false;
  let wake: (() => void) | undefined;
  return {
    trigger: () => {
      isTriggered = true;
      wake?.();
    },
    reset: () => {
      isTriggered = false;
    },
    wait: (timeoutMs: number): Promise<void> =>
      new Promise((resolve) => {
        if (isTriggered) return resolve();
        const timer = setTimeout(resolve, timeoutMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
};

/** How often the connection of the listener is checked: after a failover, it can stay open to the old server. */
const listenerCheckMs = 30_000;
const listenerTimeoutMs = 10_000;

/**
 * Listens on a separate connection. A broken connection starts a round, and is opened again before that round. So is one
 * whose server refuses to write: nothing is notified there.
 */
const createPgListener = (
  { databaseUrl, channel }: NonNullable<RelayOptions['notifications']>,
  onNotification: () => void,
) => {
  let client: Client | undefined;
  let checkedAt = 0;
  const closeListener = async (): Promise<void> => {
    const closing = client;
    client = undefined;
    await closing?.end().catch(() => {});
  };
  const isUseful = async (listening: Client): Promise<boolean> => {
    if (performance.now() < checkedAt + listenerCheckMs) return true;
    checkedAt = performance.now();
    return listening
      .query<{ readonly: string }>(`SELECT current_setting('transaction_read_only') AS readonly`)
      .then(
        ({ rows }) => rows[0]?.readonly === 'off',
        () => false,
      );
  };
  return {
    async listen(): Promise<void> {
      if (client && (await isUseful(client))) return;
      await closeListener();
      const opened = new Client({
        connectionString: databaseUrl,
        application_name: `castmatch-relay-${channel}`,
        connectionTimeoutMillis: listenerTimeoutMs,
        query_timeout: listenerTimeoutMs,
        keepAlive: true,
      });
      opened.on('error', () => {
        if (client === opened) client = undefined;
        onNotification();
      });
      opened.on('notification', onNotification);
      try {
        await opened.connect();
        await opened.query(`LISTEN ${opened.escapeIdentifier(channel)}`);
      } catch (error) {
        await opened.end().catch(() => {});
        throw error;
      }
      client = opened;
      checkedAt = performance.now();
    },
    close: closeListener,
  };
};
