/** Measures a synchronisation round: all events of a calendar, and a hundred changes among them. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { SyncCalendarsInput, SyncCalendarsResult } from '../../../activities/contract.ts';
import { createSyncActivities } from '../../../activities/index.ts';
import { type ConnectionId, participantIdSchema } from '../../../domain/ids.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { day, hour } from '../../../domain/time/units.ts';
import { createAccessTokens } from '../../../providers/oauth/access-tokens.ts';
import type { CalendarChanges, ListedChange } from '../../../providers/ports.ts';
import { createProviders } from '../../../providers/registry.ts';
import { newAuditionId } from '../../harness/audition-trail.ts';
import { organization, type ServiceUnderTest } from '../../harness/service.ts';
import { type Spread, spreadOf } from '../statistics.ts';

interface ListingFigures {
  readonly events: number;
  /** Milliseconds of a round that reads a hundred changes. */
  readonly changes: Spread;
  /** Milliseconds until all events were listed for the first time. */
  readonly firstMs: number;
  /** By how much the memory of the process has grown meanwhile, at most, in megabytes. */
  readonly memoryMb: number;
}

export interface ListingComparison {
  readonly sizes: readonly ListingFigures[];
  /** The time for a hundred changes among the most events, divided by the one among the fewest. */
  readonly ratio: number;
  readonly targetRatio: number;
  readonly targetMemoryMb: number;
  readonly isMet: boolean;
}

const sizes = [1_000, 5_000, 50_000] as const;
const changed = 100;
const perPage = 1_000;
const targetRatio = 2;
/** A calendar of 50,000 events has about 20 MB of JSON. */
const targetMemoryMb = 150;

export const describeListing = (rounds: number): string =>
  `
A round of the synchronisation: its activity and the database, with a vendor that answers immediately. First all ${sizes.join(', ')}
events in pages of ${perPage}, then ${rounds} rounds (after 3 warm-up rounds) of ${changed} changes.`.trim();

export const measureListing = async (
  service: ServiceUnderTest,
  rounds: number,
): Promise<ListingComparison> => {
  await measureSize(service, 1_000, 3);
  const figures: ListingFigures[] = [];
  for (const size of sizes) figures.push(await measureSize(service, size, rounds));
  const [least, most] = [figures[0], figures.at(-1)];
  const ratio = (most?.changes.median ?? 0) / (least?.changes.median ?? 1);
  return {
    sizes: figures,
    ratio,
    targetRatio,
    targetMemoryMb,
    isMet: ratio <= targetRatio && figures.every(({ memoryMb }) => memoryMb <= targetMemoryMb),
  };
};

const begin = Date.UTC(2031, 0, 1);

const eventAt = (index: number, version: number): ListedChange => {
  const start = begin + (index % 300) * day + Math.floor(index / 300) * 60_000 + version * 1_000;
  return {
    id: `event-${index}`,
    event: {
      start: toInstant(start),
      end: toInstant(start + hour / 4),
      zone: 'Europe/Paris',
      isAllDay: false,
      busy: 'busy',
      etag: `"${version}"`,
    },
  };
};

/** A calendar that is made page by page, so that it needs no memory itself. */
const largeCalendar = (size: number): CalendarChanges => {
  let version = 0;
  return {
    name: 'google',
    listChanges: async (_connection, _calendar, position) => {
      if (position.kind === 'changes') {
        version += 1;
        const step = Math.floor(size / changed);
        const changes = Array.from({ length: changed }, (_, n) => eventAt(n * step, version));
        return { kind: 'page', changes, nextCursor: `cursor-${version}` };
      }
      const from = Number(position.page ?? 0);
      const until = Math.min(from + perPage, size);
      const changes = Array.from({ length: until - from }, (_, n) => eventAt(from + n, 0));
      return until < size
        ? { kind: 'page', changes, nextPage: String(until) }
        : { kind: 'page', changes, nextCursor: 'cursor-0' };
    },
  };
};

const measureSize = async (
  { database, configuration, sandbox }: ServiceUnderTest,
  events: number,
  rounds: number,
): Promise<ListingFigures> => {
  const { repositories, pool } = database;
  const connection: ConnectionId = `conn_${randomUUID()}`;
  const account = `${connection}@example.com`;
  await repositories.connections.put({
    id: connection,
    organization,
    provider: 'google',
    account,
    refreshToken: `sandbox-refresh-${account}`,
  });
  const auditionId = newAuditionId();
  const slot = { start: toInstant(begin), end: toInstant(begin + hour), zone: 'Europe/Paris' };
  await repositories.writtenEvents.record({
    organization,
    connection,
    provider: 'google',
    calendarName: `google/${account}`,
    calendarId: 'primary',
    eventId: 'ours',
    auditionId,
    participant: participantIdSchema.parse('ada'),
    key: 'bench',
    slot,
    revision: 1,
  });
  await pool.query(
    `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $2, $3, tstzrange($4, $5))`,
    [
      auditionId,
      (await repositories.storedNames()).calendar(`google/${account}`),
      organization,
      slot.start,
      slot.end,
    ],
  );
  const providers = createProviders(configuration);
  const activities = createSyncActivities({
    repositories,
    providers: { calendars: providers.calendars, calendarChanges: { google: largeCalendar(events) } },
    accessTokens: createAccessTokens({
      store: repositories.connections,
      authorizers: providers.authorizers.oauth,
    }),
    signals: { answerReported: async () => 'signaled', calendarChanged: async () => 'signaled' },
    report: () => {},
    publicUrl: sandbox.url,
    pollMinutes: 15,
    reconciliationHours: 24,
  });
  const round = async () => {
    const input: SyncCalendarsInput = {
      organization,
      connection,
      provider: 'google',
      correlationId: 'bench',
    };
    const result: SyncCalendarsResult = await new MockActivityEnvironment().run(
      (about: SyncCalendarsInput) => activities.syncCalendars(about),
      input,
    );
    return result.kind === 'synced' && result.isMore;
  };
  try {
    const memory = watchMemory();
    const firstMs = await timeOf(async () => {
      while (await round());
    });
    const memoryMb = memory.stop();
    for (let warm = 0; warm < 3; warm += 1) await round();
    const measured: number[] = [];
    for (let n = 0; n < rounds; n += 1) measured.push(await timeOf(round));
    return { events, firstMs, memoryMb, changes: spreadOf(measured) };
  } finally {
    await pool.query('DELETE FROM synced_events WHERE connection = $1', [connection]);
    await pool.query('DELETE FROM synced_calendars WHERE connection = $1', [connection]);
    await pool.query('DELETE FROM slot_holds WHERE audition_id = $1', [auditionId]);
    await providers.close();
  }
};

const watchMemory = () => {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  return {
    stop: (): number => {
      clearInterval(timer);
      return (most - before) / 1_000_000;
    },
  };
};

const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};
