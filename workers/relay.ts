/**
 * Carries on what is written down in a table, inbox or outbox: at once when PostgreSQL notifies, otherwise every few
 * seconds, which finds what a lost notification, a lease that ran out or a delay has left. Each worker process runs one
 * of each kind; who does what is settled by the claim (`SKIP LOCKED`), not here.
 */
import { Client } from 'pg';
import type { Logger } from '../foundation/observability/logger.ts';
import { type Loop, pauseIn, startLoop } from './loop.ts';

interface RelayOptions {
  /** For the log: `outbox`. */
  readonly name: string;
  /** Where it is notified when there is something new. Without it, it looks every so often and that is all. */
  readonly notifications?: { readonly databaseUrl: string; readonly channel: string };
  /**
   * Claims a batch and carries it on. Answers whether there may be more at once. Throws when nothing goes at present,
   * as when the database or Temporal is away: then it is left alone for a while. What it holds when the signal comes
   * it finishes or gives back.
   */
  readonly round: (stopping: AbortSignal) => Promise<boolean>;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds between two looks when nothing is notified. */
  readonly pollIntervalMs?: number;
}

const defaultPollIntervalMs = 5_000;
const longestPauseMs = 30_000;

export const startRelay = (options: RelayOptions): Loop => {
  const { name, notifications, round, logger, pollIntervalMs = defaultPollIntervalMs } = options;
  const wakeup = createWakeup();
  const listener = notifications && createPgListener(notifications, wakeup.ring);

  const loop = startLoop(async (stopping, failuresBefore) => {
    try {
      await listener?.listen();
      wakeup.silence();
      const isMore = await round(stopping);
      if (!isMore && !stopping.aborted) await wakeup.rung(pollIntervalMs);
      return true;
    } catch (err) {
      const failures = failuresBefore + 1;
      logger.warn({ err, relay: name, failures }, 'the relay could not carry on: it tries again');
      await pauseIn(stopping, Math.min(1_000 * 2 ** failuresBefore, longestPauseMs));
      return false;
    }
  });
  return {
    stop: async () => {
      const stopped = loop.stop();
      wakeup.ring();
      await stopped;
      await listener?.close();
    },
  };
};

/** Rung once or often, it is heard once; also when nobody was waiting for it. */
const createWakeup = () => {
  let isTriggered = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      isTriggered = true;
      wake?.();
    },
    silence: () => {
      isTriggered = false;
    },
    rung: (withinMs: number): Promise<void> =>
      new Promise((resolve) => {
        if (isTriggered) return resolve();
        const timer = setTimeout(resolve, withinMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
};

/** A connection of its own that does nothing but listen. One that breaks is opened anew before the next look. */
const createPgListener = (
  { databaseUrl, channel }: NonNullable<RelayOptions['notifications']>,
  onNotification: () => void,
) => {
  let client: Client | undefined;
  return {
    async listen(): Promise<void> {
      if (client) return;
      const opened = new Client({
        connectionString: databaseUrl,
        application_name: `castmatch-relay-${channel}`,
        connectionTimeoutMillis: 10_000,
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
    },
    async close(): Promise<void> {
      await client?.end().catch(() => {});
    },
  };
};
