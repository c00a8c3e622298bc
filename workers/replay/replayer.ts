/** Replays histories against the current code, and reports the event at which they diverge. */
import { PassThrough } from 'node:stream';
import { type ReplayWorkerOptions, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import type { MasterKey } from '../../foundation/configuration/configuration.ts';
import { createEncryptionCodec, type PayloadKeys } from '../../foundation/temporal/encryption-codec.ts';
import { disableCallStacksAndTimeouts } from '../workflow-thread/sandbox.ts';
import { coreMessageOf, parseDivergence } from './divergence.ts';
import { describeEvent, eventIdOf, eventTypeOf, type HistoryEvent } from './event-description.ts';
import type { RecordedHistory } from './history-file.ts';

/** An event of the history, with a description of what the workflow did when it was recorded. */
export interface RecordedEvent {
  readonly eventId: number;
  readonly eventType: string;
  readonly recorded: string;
}

type ReplayVerdict =
  | { readonly kind: 'same' }
  /** The code does something else at that event. A running workflow would be stuck there. */
  | {
      readonly kind: 'diverged';
      readonly at: RecordedEvent | undefined;
      readonly now: string;
      readonly reason: string;
    }
  /** The history cannot be replayed: the code throws, or a key is missing. */
  | { readonly kind: 'broken'; readonly at: RecordedEvent | undefined; readonly reason: string };

export interface Replayed {
  readonly workflowId: string;
  readonly events: number;
  readonly verdict: ReplayVerdict;
}

export interface Replayer {
  replay(recorded: RecordedHistory): Promise<Replayed>;
  close(): Promise<void>;
}

/**
 * Creates a replayer. It needs no Temporal server. It runs the workflow code on the calling thread, without call stacks
 * and without a time limit: code that loops for ever hangs the process. Bundle the workflow code with `readableErrors`: without it the code
 * is replayed in the same way, but the messages of its errors are encrypted.
 */
export const createReplayer = (dependencies: {
  readonly masterKeys: readonly MasterKey[];
  /** Absent: only payloads under master keys can be decrypted, as in the corpus. */
  readonly dataKeys?: PayloadKeys | undefined;
  readonly workflowCode: WorkflowBundleOption;
}): Replayer => {
  disableCallStacksAndTimeouts();
  const codec = createEncryptionCodec(dependencies.masterKeys, dependencies.dataKeys);
  const options: ReplayWorkerOptions = {
    workflowBundle: dependencies.workflowCode,
    // A replay discards what the code produces, so nothing is encrypted.
    dataConverter: { payloadCodecs: [{ ...codec, encode: async (payloads) => payloads }] },
    replayName: 'castmatch',
  };
  let session: Session | undefined;

  /** Returns the error of this history. A broken session is replaced before the next history. */
  const run = async (recorded: RecordedHistory): Promise<Error | undefined> => {
    session ??= openSession(options);
    try {
      return await session.run(recorded);
    } catch (error) {
      session = undefined;
      return error instanceof Error ? error : new Error(String(error));
    }
  };

  return {
    replay: async (recorded) => {
      const error = await run(recorded);
      const verdict = error ? await explain(run, recorded, error) : { kind: 'same' as const };
      return { workflowId: recorded.workflowId, events: eventsOf(recorded).length, verdict };
    },
    close: async () => session?.close(),
  };
};

interface Session {
  run(recorded: RecordedHistory): Promise<Error | undefined>;
  close(): Promise<void>;
}

/** Opens a replay worker for many histories, since starting one takes longer than most replays. */
const openSession = (options: ReplayWorkerOptions): Session => {
  const histories = new PassThrough({ objectMode: true });
  const results = Worker.runReplayHistories(options, histories);
  return {
    run: async (recorded) => {
      histories.write(recorded);
      const { value, done } = await results.next();
      if (done === true)
        throw new Error('the replay worker stopped before it returned a result: run the replay again');
      return value.error;
    },
    close: async () => {
      histories.end();
      await results.next();
    },
  };
};

const explain = async (
  run: (recorded: RecordedHistory) => Promise<Error | undefined>,
  recorded: RecordedHistory,
  error: Error,
): Promise<ReplayVerdict> => {
  if (!(error instanceof DeterminismViolationError)) {
    return {
      kind: 'broken',
      at: await firstFailingEvent(run, recorded),
      reason: coreMessageOf(error.message),
    };
  }
  const { eventId, now, reason } = parseDivergence(error.message);
  const named = eventsOf(recorded).find((event) => eventIdOf(event) === eventId);
  return {
    kind: 'diverged',
    at: named ? recordedEventOf(named) : await firstFailingEvent(run, recorded),
    now,
    reason,
  };
};

/** Finds by bisection the first event with which the history can no longer be replayed. */
const firstFailingEvent = async (
  run: (recorded: RecordedHistory) => Promise<Error | undefined>,
  { workflowId, history }: RecordedHistory,
): Promise<RecordedEvent | undefined> => {
  const events = history.events ?? [];
  let good = 0;
  let bad = events.length;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    const error = await run({ workflowId, history: { ...history, events: events.slice(0, middle) } });
    if (error) bad = middle;
    else good = middle;
  }
  const event = events[bad - 1];
  return event && recordedEventOf(event);
};

const eventsOf = ({ history }: RecordedHistory): readonly HistoryEvent[] => history.events ?? [];

const recordedEventOf = (event: HistoryEvent): RecordedEvent => ({
  eventId: eventIdOf(event),
  eventType: eventTypeOf(event),
  recorded: describeEvent(event),
});
