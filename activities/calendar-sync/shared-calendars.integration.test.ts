/** Tests what happens to events that two connections see, or that a person moves between calendars of one account. */
import { describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { useReconciliation } from '../../tests/harness/calendar-reconciliation.ts';
import { ada, later, slot } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';

const setup = useReconciliation();

const cancelled: AuditionFact = { type: 'cancelled', origin: 'api' };

/** Connects the account a second time, and lets an audition write an event through that connection. */
const setupTwo = async (facts: readonly AuditionFact[] = []) => {
  const bench = await setup();
  const { repositories, account, store, putEvent } = bench;
  const other: ConnectionId = `conn_${crypto.randomUUID()}`;
  await repositories.connections.put({
    id: other,
    organization: 'org_1',
    provider: 'google',
    account,
    refreshToken: `sandbox-refresh-${account}`,
  });
  const audition = await store(...facts);
  await putEvent(audition, later);
  const key = `audition/${audition}:event:ada:r1`;
  const calendar: WritableCalendarRef = { provider: 'google', connection: other, calendarId: account };
  return {
    ...bench,
    other,
    audition,
    /** What the ledger has of the write. */
    complete: async () => {
      const begin = {
        key,
        organization: 'org_1',
        provider: 'google',
        operation: 'calendar.putEvent',
      } as const;
      const target = { kind: 'calendar_event', participant: ada, calendar } as const;
      const started = await repositories.ledger.begin({
        ...begin,
        requestHash: 'h',
        leaseMs: 1_000,
        handedOver: true,
        auditionId: audition,
        target,
      });
      if (started.kind !== 'first') throw new Error(started.kind);
      await repositories.ledger.complete(key, { providerId: eventIdFor(audition), result: {} });
    },
    record: () =>
      repositories.writtenEvents.record({
        organization: 'org_1',
        connection: other,
        provider: 'google',
        calendarName: `google/${account}`,
        calendarId: account,
        eventId: eventIdFor(audition),
        auditionId: audition,
        participant: ada,
        key,
        slot: later,
        revision: 1,
      }),
  };
};

const faultOf = (kind: 'not_found' | 'outage') =>
  new ProviderError(
    'google',
    'calendar.listChanges',
    kind === 'outage' ? { kind, effect: 'none' } : { kind },
    { message: 'Not available' },
  );

/** Writes our event to two calendars of the account, one of which is the main one, and deletes the one in the main one. */
const setupMoved = async (options: Parameters<typeof setup>[0] = {}) => {
  const bench = await setup(options);
  const { repositories, connection, pool, auditionId, sandbox, account } = bench;
  await bench.write(1, slot);
  const { calendar } = connectToSandbox(sandbox.url, account);
  const inserted = await calendar.calendars.insert({ requestBody: { summary: 'Other' } });
  const other = inserted.data.id ?? '';
  const name = `google/${other}`;
  const stored = (await repositories.storedNames()).calendar(name);
  // Another audition uses the other calendar.
  const owner = newAuditionId();
  await pool.query(
    `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
    [owner, stored, slot.start, slot.end],
  );
  await calendar.events.insert({
    calendarId: other,
    requestBody: { id: eventIdFor(owner), start: { dateTime: later.start }, end: { dateTime: later.end } },
  });
  await repositories.writtenEvents.record({
    organization: 'org_1',
    connection,
    provider: 'google',
    calendarName: name,
    calendarId: other,
    eventId: eventIdFor(owner),
    auditionId: owner,
    participant: ada,
    key: 'other:r1',
    slot: later,
    revision: 1,
  });
  return {
    ...bench,
    other: stored,
    /** Google keeps the id of an event that is moved. */
    moveAway: () =>
      calendar.events.move({
        calendarId: 'primary',
        eventId: eventIdFor(auditionId),
        destination: other,
      }),
    inOther: async () => {
      const { data } = await calendar.events.get({ calendarId: other, eventId: eventIdFor(auditionId) });
      return data.status;
    },
  };
};

describe('an event that another connection has written to the same calendar', () => {
  it('stays when the ledger knows the step', async () => {
    const { reconcile, write, complete, standing } = await setupTwo();
    await write(1, slot);
    await complete();
    expect(await reconcile()).toEqual([]);
    expect(standing()).toHaveLength(2);
  });

  it('stays when it is recorded, also after its audition has ended', async () => {
    const { reconcile, write, record, standing } = await setupTwo([cancelled]);
    await write(1, slot);
    await record();
    expect(await reconcile()).toEqual([]);
    expect(standing()).toHaveLength(2);
  });

  it('stays when the account of that connection is disconnected: its calendars are not known any more', async () => {
    const { reconcile, write, complete, standing, repositories, other } = await setupTwo();
    await write(1, slot);
    await complete();
    await repositories.connections.disconnect('org_1', other);
    expect(await reconcile()).toEqual([]);
    expect(standing()).toHaveLength(2);
  });

  it('is removed when no step of either connection accounts for it', async () => {
    const { reconcile, write, standing } = await setupTwo();
    await write(1, slot);
    expect(await reconcile()).toEqual(['event_orphaned removed']);
    expect(standing()).toHaveLength(1);
  });
});

describe('an event that a person has moved to another calendar of the account', () => {
  it('stays there, and the audition asks about its deletion', async () => {
    const { sync, record, moveAway, reconcile, kinds, inOther } = await setupMoved();
    await record({ type: 'confirmed' });
    await sync();
    await moveAway();
    expect(await reconcile()).toEqual(expect.arrayContaining(['event_relocated asked']));
    expect(await reconcile()).toEqual(expect.arrayContaining(['event_relocated asked']));
    expect(kinds()).toEqual(['deleted']);
    expect(await inOther()).toBe('confirmed');
  });

  it.each([
    ['has vanished', 'not_found'],
    ['cannot be read for now', 'outage'],
  ] as const)(
    'stays there while the first calendar %s, whose fault is not that of the other',
    async (_, kind) => {
      let isGone = false;
      const { sync, record, moveAway, inOther, other, pool } = await setupMoved({
        wrap: (changes) => ({
          ...changes,
          listChanges: async (account, calendarId, ...rest) => {
            if (isGone && calendarId === 'primary') throw faultOf(kind);
            return changes.listChanges(account, calendarId, ...rest);
          },
        }),
      });
      await record({ type: 'confirmed' });
      await sync();
      await moveAway();
      isGone = true;
      await pool.query(
        'UPDATE synced_calendars SET cursor = NULL, page = NULL, listed_since = NULL WHERE calendar = $1',
        [other],
      );
      await sync().catch(() => undefined);
      const { rows } = await pool.query(
        'SELECT error, events_denied_at AS denied, reconciled_at = listed_at AS "isReconciled" FROM synced_calendars WHERE calendar = $1',
        [other],
      );
      expect(rows).toEqual([{ error: null, denied: null, isReconciled: true }]);
      expect(await inOther()).toBe('confirmed');
    },
  );
});
