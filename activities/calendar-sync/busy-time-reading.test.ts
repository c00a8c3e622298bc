import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BookedParticipant } from '../../db/calendars/participant-conflicts.ts';
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import { connectionIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour, second } from '../../domain/time/units.ts';
import { createGoogleChanges } from '../../providers/google/changes.ts';
import { createGoogleClient } from '../../providers/google/client.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { createBusyTimeReading } from './busy-time-reading.ts';
import type { SyncRound } from './sync-round.ts';

const now = Date.parse('2031-07-01T00:00:00.000Z');
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now });
});
afterEach(() => {
  vi.useRealTimers();
});

const organization = 'org_1';
const connection = connectionIdSchema.parse('conn_1');

const hiddenCalendar = (calendar: string): SyncedCalendar => ({
  connection,
  calendar,
  organization,
  calendarId: calendar,
  provider: 'google',
  isBusyOnly: true,
  state: 'in_sync',
  listedCount: 0,
  error: undefined,
  unreadableFields: undefined,
  pushError: undefined,
  progress: undefined,
  listingBeganAt: undefined,
  listedAt: undefined,
  reconciledAt: undefined,
  dryRunAt: undefined,
  polledAt: undefined,
  triedAt: undefined,
  syncedAt: undefined,
  createdAt: toInstant(now),
  isRoom: false,
  eventsDeniedAt: toInstant(now),
  isInUse: true,
  isDamaged: false,
});

const round: SyncRound = {
  input: { organization, connection, provider: 'google', correlationId: 'c' },
  connection: {
    id: connection,
    organization,
    provider: 'google',
    owner: undefined,
    account: undefined,
    accountId: undefined,
    accountReference: undefined,
    isPersonal: undefined,
    status: 'connected',
    statusReason: undefined,
    scopes: [],
    version: 1,
    accessTokenExpiresAt: undefined,
    lastRefreshedAt: undefined,
    connectedAt: toInstant(now),
  },
  account: caldavAccount('http://google.test'),
  provider: createGoogleChanges(createGoogleClient({ apiUrl: 'http://google.test' })),
  isPoll: true,
  findings: [],
  postponed: new Set(),
  unread: { more: [], failed: [] },
  until: now + 15 * second,
};

const bookedIn = (days: number): BookedParticipant => ({
  auditionId: 'aud_1',
  participant: participantIdSchema.parse('ada'),
  slot: { start: toInstant(now + days * day), end: toInstant(now + days * day + hour) },
  isInvited: false,
  isInPerson: false,
  revision: 1,
  rules: defaultConflictRules,
  lastReport: undefined,
  events: [],
});

/** Reads calendars from a vendor that needs ten seconds for each query. Returns the outcomes and the asked calendars. */
const read = async (slots: Readonly<Record<string, readonly number[]>>) => {
  const stored: string[] = [];
  const asked: string[][] = [];
  const reading = createBusyTimeReading({
    busyTimes: {
      begin: async () => 1,
      store: async ({ calendar }) => {
        stored.push(calendar);
        return true;
      },
    },
    participantConflicts: { listBooked: async ({ calendar }) => (slots[calendar] ?? []).map(bookedIn) },
  });
  const hidden = {
    mostPerQuery: 50,
    busyTimes: async (_account: unknown, calendars: readonly { readonly calendarId: string }[]) => {
      asked.push(calendars.map(({ calendarId }) => calendarId));
      vi.setSystemTime(Date.now() + 10 * second);
      return calendars.map(() => ({ kind: 'times', times: [] }) as const);
    },
  };
  const calendars = Object.keys(slots).map((name) => ({ calendar: hiddenCalendar(name) }));
  const outcomes = await new MockActivityEnvironment().run(async () => {
    const found: string[] = [];
    for await (const { calendar, kind } of reading.read(round, hidden, calendars)) {
      found.push(`${calendar.calendar} ${kind}`);
    }
    return found;
  });
  return { outcomes, asked, stored };
};

describe('the reading of busy times when the vendor is slow', () => {
  it('begins no window after the time of the round, and stores only what was read completely', async () => {
    const { outcomes, asked, stored } = await read({ first: [1], near: [1], far: [1, 100, 200, 300] });
    expect(asked).toEqual([['first', 'near', 'far'], ['far']]);
    expect(outcomes).toEqual(['first stored', 'near stored', 'far postponed']);
    expect(stored).toEqual(['first', 'near']);
  });

  it('reads the first calendar completely, and the others with it', async () => {
    const { outcomes, asked } = await read({ first: [1, 100, 200], other: [200], late: [300] });
    expect(asked).toEqual([['first'], ['first'], ['first', 'other']]);
    expect(outcomes).toEqual(['first stored', 'other stored', 'late postponed']);
  });
});
