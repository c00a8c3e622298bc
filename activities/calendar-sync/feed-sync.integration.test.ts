/** Tests conflicts that appear in a feed after the booking. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultConflictRules, type EventRules } from '../../domain/audition/conflict-rules.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { createFeedChanges } from '../../providers/ics/changes.ts';
import { createFeedReader } from '../../providers/ics/feed-reader.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { ada, slot } from '../../tests/harness/calendar-sync-harness.ts';
import { calendarAnswer, feedEvent, feedText, startFeedServer } from '../../tests/harness/feed-server.ts';
import type { SyncCalendarsInput } from '../contract.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { createSyncActivities } from '../index.ts';
import type { AuditionSignals } from './audition-signals.ts';

const benchFor = useActivityHarness();

/** Sets up an audition in 2027, because feeds are listed a year ahead, and a participant who has nothing but a feed. */
const setup = async (rules: Partial<EventRules> = {}, { isOwn = false } = {}) => {
  const bench = await benchFor();
  const { repositories, pool, auditionId } = bench;
  const day = new Date(Date.now() + 30 * 24 * 60 * minute).toISOString().slice(0, 10);
  const booked = { ...slot, start: `${day}T10:00:00.000Z`, end: `${day}T10:30:00.000Z` };
  const feed = await startFeedServer('Work');
  onTestFinished(feed.close);
  const connected = await repositories.connections.connect({
    organization: 'org_1',
    owner: undefined,
    provider: 'ics',
    grant: {
      account: { id: randomUUID(), name: 'Work (calendar.example.com)' },
      scopes: [],
      credential: { kind: 'feed_address', address: feed.address },
    },
  });
  if (connected.kind !== 'connected') throw new Error('the feed was not connected');
  const connection = connected.id;
  const calendarName = `ics/${randomUUID()}`;
  const family = {
    participant: ada,
    connection,
    provider: 'ics',
    calendarId: 'primary',
    calendarName,
    isOwn,
  } as const;
  await repositories.participantConflicts.setRules(auditionId, [ada], { ...defaultConflictRules, ...rules });
  await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [family]);
  await pool.query(
    `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
    [auditionId, (await repositories.storedNames()).calendar(calendarName), booked.start, booked.end],
  );
  await pool.query(
    `INSERT INTO auditions (id, organization, project, role, state, needs_attention, requested_at, sequence, view)
     VALUES ($1, 'org_1', 'p', 'r', 'scheduled', false, now(), 1, $2)
     ON CONFLICT (id) DO UPDATE SET state = 'scheduled', view = $2`,
    [auditionId, JSON.stringify({ slot: booked, revision: 1 })],
  );
  let clock = Date.now();
  const signal: Parameters<AuditionSignals['calendarChanged']>[] = [];
  const activities = createSyncActivities({
    repositories,
    providers: {
      calendars: bench.providers.calendars,
      calendarChanges: {
        ics: createFeedChanges(
          createFeedReader(
            () => fetch,
            () => clock,
          ),
          () => {},
        ),
      },
    },
    accessTokens: bench.accessTokens,
    signals: {
      calendarChanged: async (...sent) => {
        signal.push(sent);
        return 'signaled';
      },
      answerReported: async () => 'signaled',
    },
    report: () => {},
    publicUrl: 'http://127.0.0.1',
    pollMinutes: 15,
    reconciliationHours: 24,
  });
  /** Reads the feed. Its copy is used for a minute. */
  const sync = (change: Partial<SyncCalendarsInput> = {}) => {
    clock += 2 * minute;
    const about = { organization: 'org_1', connection, provider: 'ics', correlationId: 'corr-1' } as const;
    return new MockActivityEnvironment().run((input: SyncCalendarsInput) => activities.syncCalendars(input), {
      ...about,
      ...change,
    });
  };
  /** An event on the day of the slot, at these times of the day. */
  const at = (uid: string, from: string, until: string) => {
    const compact = day.replaceAll('-', '');
    return feedEvent(uid, `DTSTART:${compact}T${from}00Z`, `DTEND:${compact}T${until}00Z`);
  };
  const serve = (...events: readonly (readonly string[])[]) =>
    feed.serve(calendarAnswer(feedText(...events.flat())));
  serve();
  await sync();
  const stored = async () => {
    const { rows } = await pool.query(
      'SELECT generation, is_busy_only AS "isBusyOnly", state FROM synced_calendars WHERE connection = $1',
      [connection],
    );
    return rows;
  };
  const storedUids = async () => {
    const { rows } = await pool.query(
      'SELECT uid FROM synced_events WHERE connection = $1 ORDER BY starts_at',
      [connection],
    );
    return rows.map(({ uid }) => uid);
  };
  return {
    ...bench,
    storedUids,
    booked,
    connection,
    sync,
    at,
    serve,
    stored,
    sent: signal,
    kinds: () => signal.map(([, { change }]) => change.kind),
  };
};

describe('a feed of a participant', () => {
  it('reports a new event in the time of the slot once, and again when it is gone', async () => {
    const { sync, serve, at, sent, kinds, booked, auditionId, connection } = await setup();
    serve(at('rehearsal', '1015', '1100'));
    await sync();
    await sync();
    expect(sent).toMatchObject([
      [
        auditionId,
        { participant: ada, provider: 'ics', connection, revision: 1, change: { kind: 'conflict' } },
      ],
    ]);
    expect(sent[0]?.[1].change).toEqual({
      kind: 'conflict',
      start: booked.start.replace('10:00', '10:15'),
      end: booked.end.replace('10:30', '11:00'),
    });
    serve();
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });

  it('reports an event that is closer than the buffer', async () => {
    const { sync, serve, at, kinds } = await setup({ calendarBuffer: 10 * minute });
    serve(at('far', '1040', '1100'));
    await sync();
    expect(kinds()).toEqual([]);
    serve(at('near', '1035', '1100'));
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('reports a conflict once when its publisher changes the UIDs with each reading', async () => {
    const { sync, serve, at, kinds } = await setup();
    for (let reading = 0; reading < 3; reading += 1) {
      serve(at(randomUUID(), '1015', '1100'), at(randomUUID(), '1015', '1100'));
      await sync();
    }
    expect(kinds()).toEqual(['conflict']);
  });

  it.each([
    ['the invitation to the audition', (id: string) => `${id}@castmatch`],
    ['the event that was written to a CalDAV calendar', (id: string) => eventIdFor(`aud_${id.slice(4)}`)],
    ['the event that Google publishes', (id: string) => `${eventIdFor(`aud_${id.slice(4)}`)}@google.com`],
  ])('does not report %s', async (_what, uidOf) => {
    const { sync, serve, at, kinds, auditionId } = await setup();
    serve(at(uidOf(auditionId), '1000', '1030'));
    await sync();
    expect(kinds()).toEqual([]);
  });

  it('reports the invitation to another audition only when the feed is not the own calendar of the participant', async () => {
    const theirs = `aud_${randomUUID()}` as const;
    const kindsFor = async (isOwn: boolean) => {
      const { sync, serve, at, kinds, pool } = await setup({}, { isOwn });
      await pool.query('INSERT INTO slot_fences (audition_id) VALUES ($1) ON CONFLICT DO NOTHING', [theirs]);
      // The audition was moved or cancelled. The feed is hours behind.
      serve(at(`${theirs}@castmatch`, '1000', '1030'));
      await sync();
      return kinds();
    };
    expect(await kindsFor(true)).toEqual([]);
    expect(await kindsFor(false)).toEqual(['conflict']);
  });

  it('does not report the former event of the audition, which the feed still contains', async () => {
    const { sync, serve, at, kinds, repositories, auditionId, booked, connection } = await setup();
    const written = {
      organization: 'org_1',
      connection,
      provider: 'microsoft',
      calendarName: 'microsoft/office',
      calendarId: 'primary',
      auditionId,
      participant: ada,
      slot: {
        ...booked,
        start: toInstant(Date.parse(booked.start)),
        end: toInstant(Date.parse(booked.end)),
      },
    } as const;
    const { writtenEvents } = repositories;
    await writtenEvents.record({ ...written, eventId: 'e1', uid: '040000-1', key: 'k1', revision: 1 });
    await writtenEvents.record({ ...written, eventId: 'e2', uid: '040000-2', key: 'k2', revision: 1 });
    await writtenEvents.forget(auditionId, ['k2']);
    serve(at('040000-1', '1000', '1030'), at('040000-2', '1000', '1030'));
    await sync();
    expect(kinds()).toEqual([]);
    serve(at('040000-3', '1000', '1030'));
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('is listed again only when its text has changed', async () => {
    const { sync, serve, at, stored } = await setup();
    await sync();
    expect(await stored()).toEqual([{ generation: 1, isBusyOnly: true, state: 'in_sync' }]);
    serve(at('rehearsal', '1200', '1300'));
    await sync();
    await sync();
    expect(await stored()).toMatchObject([{ generation: 2 }]);
  });

  it('is read at the interval of the configuration, and ends with the last audition', async () => {
    const { sync, pool, auditionId, stored } = await setup();
    expect(await sync()).toMatchObject({ kind: 'synced', nextPollMs: 15 * minute });
    expect(
      await sync({ reconcile: { isFirst: true, isDryRun: false, requestedAt: toInstant(Date.now()) } }),
    ).toMatchObject({ isReconciled: true });
    await pool.query('DELETE FROM slot_holds WHERE audition_id = $1', [auditionId]);
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
    expect(await stored()).toEqual([]);
  });
});

describe('a feed with an event that has neither a UID nor a time', () => {
  const unnamed = ['BEGIN:VEVENT', 'SUMMARY:Broken', 'END:VEVENT'];

  it('keeps what it lost with the damage until that is repaired, and no other event', async () => {
    const { sync, serve, at, storedUids } = await setup();
    const [one, two, three, four] = [
      at('one', '0800', '0900'),
      at('two', '0900', '1000'),
      at('three', '1300', '1400'),
      at('four', '1500', '1600'),
    ];
    serve(one, two, three, four);
    await sync();
    serve(two, three, four, unnamed);
    await sync();
    expect(await storedUids()).toEqual(['one', 'two', 'three', 'four']);
    serve(three, four, unnamed);
    await sync();
    expect(await storedUids()).toEqual(['one', 'three', 'four']);
    serve(four, unnamed, unnamed);
    await sync();
    expect(await storedUids()).toEqual(['one', 'three', 'four']);
    serve(unnamed, unnamed, at('damaged', 'XX', 'XX'));
    await sync();
    expect(await storedUids()).toEqual(['one', 'three']);
    serve(at('damaged', 'XX', 'XX'));
    await sync();
    expect(await storedUids()).toEqual([]);
  });

  it('loses its other events when the damage is older than they are', async () => {
    const { sync, serve, at, storedUids, kinds } = await setup();
    serve(unnamed);
    await sync();
    serve(at('rehearsal', '1015', '1100'), unnamed);
    await sync();
    serve(unnamed);
    await sync();
    expect(await storedUids()).toEqual([]);
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });
});
