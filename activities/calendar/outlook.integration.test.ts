import { describe, expect, it } from 'vitest';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { connectToMailbox } from '../../tests/harness/outlook-mailbox.ts';

const benchFor = useActivityHarness();

const account = 'ada@contoso.example';
const calendar: WritableCalendarRef = {
  provider: 'microsoft',
  connection: 'conn_outlook',
  calendarId: 'primary',
};
const ada = participantIdSchema.parse('ada');

const setup = async () => {
  const bench = await benchFor();
  const { activities, about, key } = bench;
  await bench.repositories.connections.put({
    id: 'conn_outlook',
    organization: 'org_1',
    provider: 'microsoft',
    account,
    refreshToken: `sandbox-refresh-${account}`,
  });
  const keyOf = (revision: number) => key(`event:ada:r${revision}`);
  return {
    ...bench,
    write: (revision: number, at: Slot) =>
      activities.writeEvent({
        ...about,
        key: keyOf(revision),
        participant: ada,
        calendar,
        content: { summary: 'Captain, Nightfall', description: 'Bring the sides', slot: at, revision },
      }),
    remove: (...revisions: readonly number[]) =>
      activities.removeEvent({ ...about, keys: revisions.map(keyOf), calendar }),
    events: () =>
      bench
        .state()
        .microsoft.calendars.flatMap(({ events }) => events)
        .filter(({ deleted }) => !deleted),
  };
};

describe('an audition in an Outlook calendar', () => {
  it('has one event that is written, moved and removed', async () => {
    const { write, remove, events } = await setup();
    const { eventId } = await write(1, slot);
    expect(await write(1, slot)).toEqual({ eventId });
    expect(await write(2, laterSlot)).toEqual({ eventId });
    expect(events()).toMatchObject([{ immutableId: eventId, subject: 'Captain, Nightfall' }]);
    expect(events().map(({ start }) => Date.parse(`${start.dateTime}Z`))).toEqual([
      Date.parse(laterSlot.start),
    ]);
    expect(await remove(1, 2)).toEqual({ result: 'undone' });
    expect(events()).toEqual([]);
    await expect(write(1, slot)).rejects.toMatchObject({ type: 'Compensated' });
  });

  it('has one event when the worker that created it is killed before it has the answer', async () => {
    const { write, remove, events, fault } = await setup();
    fault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 });
    await write(1, slot).catch(() => undefined);
    await write(1, slot);
    expect(events()).toHaveLength(1);
    expect(await remove(1)).toEqual({ result: 'undone' });
    expect(events()).toEqual([]);
  });

  it('remembers the UIDs of all events that it has had, for copies that are read later', async () => {
    const { write, remove, events, repositories, auditionId, sandbox } = await setup();
    const uids = () => repositories.writtenEvents.findUids(auditionId);
    await write(1, slot);
    const [first] = events();
    expect(await uids()).toEqual(new Set([first?.iCalUId]));
    await connectToMailbox(sandbox, account).remove(first?.immutableId ?? '');
    await write(2, laterSlot);
    const [second] = events();
    expect(second?.iCalUId).not.toBe(first?.iCalUId);
    await remove(1, 2);
    expect(await uids()).toEqual(new Set([first?.iCalUId, second?.iCalUId]));
  });

  it('does not count its own event as busy, but an event inside it', async () => {
    const { activities, about, write, addOutlookEvent } = await setup();
    await write(1, slot);
    const findBusy = () =>
      activities.findBusy({
        ...about,
        provider: 'microsoft',
        connection: 'conn_outlook',
        calendarIds: ['primary'],
        window: { from: slot.start, until: slot.end },
      });
    expect(await findBusy()).toEqual([]);
    addOutlookEvent({ account, start: slot.start, end: slot.end });
    expect(await findBusy()).toMatchObject([{ start: slot.start, end: slot.end }]);
  });

  it('is held as one resource under both names of the main calendar', async () => {
    const { activities, about, openMailbox, repositories } = await setup();
    const claim = (calendarId: string) =>
      activities.claimSlot({
        ...about,
        claim: 1,
        wish: {
          kind: 'fixed',
          slot: { ...laterSlot, start: '2031-05-01T09:00:00.000Z', end: '2031-05-01T10:00:00.000Z' },
        },
        participants: [],
        calendars: [{ ...calendar, calendarId }],
        busy: [],
        reminders: [],
      });
    expect(await claim(openMailbox(account))).toMatchObject({ kind: 'held' });
    const held = await repositories.holds.listBusy(
      { organization: 'org_1', resources: [`calendar:microsoft/${account}`] },
      {
        from: '2031-05-01T00:00:00.000Z',
        until: '2031-05-02T00:00:00.000Z',
      },
    );
    expect(held).toHaveLength(1);
  });

  it('asks the owner to connect the account again when its access was revoked', async () => {
    const { write, revoke } = await setup();
    await write(1, slot);
    expect(revoke('microsoft', account)).toBe(1);
    await expect(write(2, laterSlot)).rejects.toMatchObject({ type: 'reconnect', nonRetryable: true });
  });
});
