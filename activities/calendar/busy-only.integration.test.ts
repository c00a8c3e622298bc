/** Tests calendars that count as busy for a participant and are not written. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { CalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { hour } from '../../domain/time/units.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';
import {
  fixed,
  person,
  primary,
  slot,
  startOf,
  useSlotClaims,
  window,
} from '../../tests/harness/slot-claims.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';

const setUpClaims = useSlotClaims();

const setup = async () => {
  const bench = await setUpClaims();
  const own = connectToSandbox(bench.sandbox.url, bench.account).calendar;
  const addCalendar = async (of = own): Promise<CalendarRef> => {
    const { data } = await of.calendars.insert({ requestBody: { summary: 'Family' } });
    return { provider: 'google', connection: 'conn_1', calendarId: data.id ?? '' };
  };
  const family = await addCalendar();
  const occupy = (
    calendarId: string,
    { start, end }: Pick<Slot, 'start' | 'end'> = slot,
    more: object = {},
  ) =>
    own.events.insert({
      calendarId,
      requestBody: { start: { dateTime: start }, end: { dateTime: end }, ...more },
    });
  /** A participant with the calendar of the account, and the family's that counts as busy. */
  const parent = (change: object = {}) => person({ calendar: primary, busyCalendars: [family], ...change });
  const calendars = [primary, { ...family, isBusyOnly: true }];
  return { ...bench, own, addCalendar, family, occupy, parent, calendars };
};

/** The properties with which our events are marked. */
const markOf = (auditionId: string) => ({
  id: eventIdFor(`aud_${auditionId.slice(4)}`),
  extendedProperties: { private: { castmatchReference: auditionId } },
});

describe('a calendar that counts as busy and is not written', () => {
  it('refuses a slot in the time of its events, and names its participant', async () => {
    const { claim, held, occupy, family, parent, calendars } = await setup();
    await occupy(family.calendarId);
    const ada = parent();
    expect(await claim({ participants: [ada, person()], calendars })).toMatchObject({
      kind: 'refused',
      reason: 'busy',
      conflict: { blockers: [{ kind: 'calendar_event', connection: 'conn_1', participants: [ada.id] }] },
    });
    expect(await held()).toEqual([]);
  });

  it('is avoided by the search in a window', async () => {
    const { claim, occupy, family, parent, calendars } = await setup();
    await occupy(family.calendarId, { start: '2031-07-01T07:00:00.000Z', end: '2031-07-01T11:00:00.000Z' });
    const wish = window({ earliest: '2031-07-01T07:00:00.000Z' });
    expect(startOf(await claim({ participants: [parent()], calendars, wish }))).toBe(
      '2031-07-01T11:00:00.000Z',
    );
  });

  it('is no resource of the slot: two people who share it can have simultaneous auditions', async () => {
    const { claim, other, parent, calendars, repositories } = await setup();
    const shared = calendars.filter((calendar) => 'isBusyOnly' in calendar);
    const ids = [other(), other()];
    for (const auditionId of ids) {
      const participants = [parent({ calendar: undefined })];
      expect(await claim({ auditionId, participants, calendars: shared })).toMatchObject({ kind: 'held' });
    }
    for (const id of ids) expect(await repositories.holds.resourcesOf(id, 1)).toHaveLength(1);
  });

  it('counts the event of another audition, and not that of the audition itself', async () => {
    const { claimAgain, auditionId, other, occupy, family, parent, calendars } = await setup();
    const claimNext = (claim: number) => claimAgain({ participants: [parent()], calendars, claim });
    await occupy(family.calendarId, slot, markOf(auditionId));
    expect(await claimNext(2)).toMatchObject({ kind: 'held' });
    await occupy(family.calendarId, slot, markOf(other()));
    expect(await claimNext(3)).toMatchObject({ kind: 'refused', reason: 'busy' });
  });

  it('does not count events of other auditions when it is the main calendar under another id', async () => {
    const { claim, other, parent, account, writeEvent, repositories } = await setup();
    const theirs = other();
    await claim({ auditionId: theirs, calendars: [] });
    await writeEvent(slot, theirs);
    await repositories.holds.releaseAll(theirs);
    const address: CalendarRef = { ...primary, calendarId: account };
    const ada = parent({ busyCalendars: [address] });
    expect(
      await claim({ participants: [ada], calendars: [primary, { ...address, isBusyOnly: true }] }),
    ).toMatchObject({ kind: 'held' });
  });

  it('counts when the account may only see its busy times', async () => {
    const { claimAgain, account, addCalendar, sandbox, own } = await setup();
    const friend = connectToSandbox(sandbox.url, `${randomUUID()}@example.com`).calendar;
    const shared = await addCalendar(friend);
    await friend.acl.insert({
      calendarId: shared.calendarId,
      requestBody: { role: 'freeBusyReader', scope: { type: 'user', value: account } },
    });
    await own.calendarList.insert({ requestBody: { id: shared.calendarId } });
    const claim = (claimNumber: number) =>
      claimAgain({
        claim: claimNumber,
        participants: [person({ calendar: primary, busyCalendars: [shared] })],
        calendars: [primary, { ...shared, isBusyOnly: true }],
      });
    expect(await claim(2)).toMatchObject({ kind: 'held' });
    await friend.events.insert({
      calendarId: shared.calendarId,
      requestBody: { start: { dateTime: slot.start }, end: { dateTime: slot.end } },
    });
    expect(await claim(3)).toMatchObject({ kind: 'refused', reason: 'busy' });
  });

  it('does not refuse a move for the busy time of the own event, which another participant has there', async () => {
    const { activities, repositories, claimAgain, account, sandbox, about, key, addBusy } = await setup();
    const friendAccount = `${randomUUID()}@example.com`;
    const friend = connectToSandbox(sandbox.url, friendAccount).calendar;
    const connection: ConnectionId = `conn_${randomUUID()}`;
    await repositories.connections.put({
      id: connection,
      organization: 'org_1',
      provider: 'google',
      account: friendAccount,
      refreshToken: `sandbox-refresh-${friendAccount}`,
    });
    await friend.acl.insert({
      calendarId: 'primary',
      requestBody: { role: 'freeBusyReader', scope: { type: 'user', value: account } },
    });
    await activities.writeEvent({
      ...about,
      key: key('event:ben:r1'),
      participant: person().id,
      calendar: { provider: 'google', connection, calendarId: 'primary' },
      content: { slot, revision: 1, summary: 'Captain', description: '' },
    });
    const shared: CalendarRef = { provider: 'google', connection: 'conn_1', calendarId: friendAccount };
    const claim = (number: number, start: Slot['start'], end: Slot['end']) =>
      claimAgain({
        claim: number,
        wish: fixed({ ...slot, start, end }),
        participants: [person({ calendar: primary, busyCalendars: [shared] })],
        calendars: [primary, { ...shared, isBusyOnly: true }],
      });
    const middle = toInstant((toEpochMs(slot.start) + toEpochMs(slot.end)) / 2);
    const later = toInstant(toEpochMs(slot.end) + hour);
    expect(await claim(2, middle, later)).toMatchObject({ kind: 'held' });
    addBusy(slot.end, later, { account: friendAccount });
    expect(await claim(3, middle, later)).toMatchObject({ kind: 'refused', reason: 'busy' });
  });

  it('that no longer exists is reported as unreadable, and the slot stays held', async () => {
    const { claim, held, own, family, parent, calendars } = await setup();
    await own.calendars.delete({ calendarId: family.calendarId });
    expect(await claim({ participants: [parent()], calendars })).toMatchObject({
      kind: 'unreadable',
      failures: [{ connection: 'conn_1' }],
    });
    expect(await held()).toHaveLength(1);
  });

  it('is read alone together with the others of its connection', async () => {
    const { activities, about, occupy, family, addBusy } = await setup();
    addBusy('2031-07-01T09:00:00.000Z', '2031-07-01T09:30:00.000Z');
    await occupy(family.calendarId);
    const busy = await activities.findBusy({
      ...about,
      provider: 'google',
      connection: 'conn_1',
      calendarIds: ['primary'],
      busyOnly: [family.calendarId],
      window: { from: '2031-07-01T00:00:00.000Z', until: '2031-07-02T00:00:00.000Z' },
    });
    expect(busy.map(({ start, calendarId }) => ({ start, calendarId }))).toEqual([
      { start: '2031-07-01T09:00:00.000Z', calendarId: 'primary' },
      { start: slot.start, calendarId: family.calendarId },
    ]);
  });

  it('does not refuse a slot for the invitation to the audition that its owner has accepted by email', async () => {
    const { claim, own, family, parent, calendars, auditionId } = await setup();
    await own.events.insert({
      calendarId: family.calendarId,
      requestBody: {
        iCalUID: `${auditionId}@castmatch`,
        start: { dateTime: slot.start },
        end: { dateTime: slot.end },
      },
    });
    expect(await claim({ participants: [parent()], calendars })).toMatchObject({ kind: 'held' });
  });
});

describe('a claim that is held', () => {
  it('stores the rules of the audition, and registers feeds like other calendars that are only read', async () => {
    const { claim, parent, calendars, auditionId, pool, repositories } = await setup();
    const id: ConnectionId = `conn_${randomUUID()}`;
    const feed: CalendarRef = { provider: 'ics', connection: id, calendarId: 'primary' };
    const [ada, ben, carl] = [parent(), person({ calendar: feed }), person()];
    const rules = { ...defaultConflictRules, travel: hour, tentative: 'ignore' } as const;
    await claim({ participants: [ada, ben, carl], calendars, rules });
    const stored = await pool.query(
      `SELECT participant, tentative, calendar_buffer AS "calendarBuffer", travel FROM participant_conflicts
       WHERE audition_id = $1`,
      [auditionId],
    );
    const expected = { tentative: 'ignore', calendarBuffer: 0, travel: hour };
    expect(stored.rows).toHaveLength(2);
    expect(stored.rows).toEqual(
      expect.arrayContaining([ada, ben].map(({ id: participant }) => ({ participant, ...expected }))),
    );
    const { rows } = await pool.query(
      'SELECT provider, is_busy_only AS "isBusyOnly" FROM synced_calendars WHERE connection = $1',
      [id],
    );
    expect(rows).toEqual([{ provider: 'ics', isBusyOnly: true }]);
    const registered = await pool.query(
      'SELECT participant, is_own AS "isOwn" FROM busy_calendars WHERE audition_id = $1',
      [auditionId],
    );
    expect(registered.rows).toHaveLength(2);
    expect(registered.rows).toEqual(
      expect.arrayContaining([
        { participant: ada.id, isOwn: false },
        { participant: ben.id, isOwn: true },
      ]),
    );
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, []);
  });
});
