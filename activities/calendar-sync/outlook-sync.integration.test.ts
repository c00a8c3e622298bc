/** Tests what is particular to Outlook in a round: series, the end of a listing, and subscriptions that are extended. */
import { describe, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { day } from '../../domain/time/units.ts';
import { ada, inDays, slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';

const setup = useOutlookSync();

describe('a round of an Outlook calendar', () => {
  it('stores the occurrences of a series, and deletes the one that a person has deleted', async () => {
    const { sync, hold, write, series, stored, mailbox } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10));
    const master = series(3);
    expect(await sync()).toMatchObject({ kind: 'synced', isMore: false, calendars: [{ state: 'in_sync' }] });
    const [, first, ...others] = await stored();
    expect(others).toHaveLength(2);
    await mailbox.remove(first.id);
    await sync();
    expect((await stored()).map(({ id }) => id).slice(1)).toEqual(others.map(({ id }) => id));
    await mailbox.remove(master);
    await sync();
    expect(await stored()).toHaveLength(1);
  });

  it('reports neither a deletion nor a conflict when a person repeats our event, but a move of it', async () => {
    const { sync, hold, write, stored, sent, sandbox, account, mailbox } = await setup();
    await hold(slotIn(10));
    const eventId = await write(slotIn(10));
    await sync();
    sandbox.control.repeatOutlookEvent({ account, eventId, everyDays: 7, times: 3 });
    await sync();
    expect(await stored()).toHaveLength(4);
    expect(sent).toEqual([]);
    await mailbox.move(eventId, inDays(11), inDays(11) + 1_800_000);
    await sync();
    expect(sent).toMatchObject([{ change: { kind: 'moved', start: toInstant(inDays(11)) } }]);
  });

  it('does not take an event that begins after the end of the listing for deleted', async () => {
    const { sync, hold, write, stored, sent, sandbox, mailbox } = await setup();
    await hold(slotIn(600));
    const eventId = await write(slotIn(600));
    await sync();
    sandbox.control.expireDeltaLinks();
    await sync();
    expect(sent).toEqual([]);
    expect(await stored()).toEqual([{ id: eventId, isRemoved: false }]);
    // A change is noticed nevertheless.
    await mailbox.move(eventId, inDays(601), inDays(601) + 1_800_000);
    await sync();
    expect(sent).toMatchObject([{ change: { kind: 'moved', start: toInstant(inDays(601)) } }]);
  });

  it('reads the main calendar when a participant names it by its id', async () => {
    const { sync, hold, write, sandbox, account } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10), sandbox.control.openMailbox(account));
    expect(await sync()).toMatchObject({ kind: 'synced', calendars: [{ state: 'in_sync', listedCount: 1 }] });
  });
});

describe('an answer in Outlook', () => {
  it('is reported once, for the revision that the event states, and again only when it is given again', async () => {
    const { sync, hold, write, answers, sandbox, account } = await setup();
    await hold(slotIn(10));
    const eventId = await write(slotIn(10));
    await sync();
    expect(answers).toEqual([]);
    sandbox.control.answerOutlookEvent({ account, eventId, response: 'tentativelyAccepted' });
    await sync();
    await sync();
    expect(answers).toMatchObject([
      { answer: 'tentative', revision: 1, origin: 'calendar', participant: ada },
    ]);
    // Outlook keeps the answer when the event moves.
    await write(slotIn(11), 'primary', 2);
    await sync();
    expect(answers).toHaveLength(1);
    sandbox.control.answerOutlookEvent({ account, eventId, response: 'tentativelyAccepted' });
    await sync();
    expect(answers.map(({ answer, revision }) => [answer, revision])).toEqual([
      ['tentative', 1],
      ['tentative', 2],
    ]);
  });
});

describe('the subscription to an Outlook mailbox', () => {
  it('is opened once, and extended before its end and when Graph wants another authorization', async () => {
    const { sync, hold, write, subscriptions, pool, connection, repositories } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10));
    await sync();
    await sync();
    const [opened, ...others] = subscriptions();
    expect(others).toEqual([]);
    await pool.query(
      `UPDATE watch_subscriptions SET created_at = now() - interval '6 days',
       expires_at = now() + interval '20 hours' WHERE connection = $1`,
      [connection],
    );
    const { renewAt } = Object(await sync());
    expect(Date.parse(renewAt) - Date.now()).toBeGreaterThan(5 * day);
    await sync({ only: [], lostSubscriptions: [opened?.id ?? ''] });
    expect(subscriptions().map(({ id }) => id)).toEqual([opened?.id]);
    expect(await repositories.watchSubscriptions.listByConnection(connection)).toMatchObject([
      { id: opened?.id, resourceId: 'me/events' },
    ]);
  });

  it('that lives a day or less is extended once in each of its lives', async () => {
    const { sync, hold, write, pool, connection, repositories, sandbox } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10));
    await sync();
    // Opened 40 hours ago for 20, and extended half an hour ago for 20.
    await pool.query(
      `UPDATE watch_subscriptions SET created_at = now() - interval '40 hours',
       expires_at = now() + interval '19.5 hours' WHERE connection = $1`,
      [connection],
    );
    const [subscription] = await repositories.watchSubscriptions.listByConnection(connection);
    if (subscription) await repositories.watchSubscriptions.extend(subscription.id, subscription.expiresAt);
    const extensions = () => sandbox.control.state().calls.microsoft['subscriptions.update'];
    const before = extensions();
    const { renewAt } = Object(await sync());
    expect(extensions()).toEqual(before);
    expect(Date.parse(renewAt) - Date.now()).toBeGreaterThan(9 * 3_600_000);
  });

  it.each([
    ['immediately when the master key of its secret is removed', "secret_key = 'removed'"],
    [
      'instead of extended when its secret is not under the newest master key',
      'secret_key = NULL, is_lost = true',
    ],
  ])('is replaced %s', async (_when, change) => {
    const { sync, hold, write, subscriptions, pool, connection, repositories } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10));
    await sync();
    const [former] = subscriptions();
    await pool.query(`UPDATE watch_subscriptions SET ${change} WHERE connection = $1`, [connection]);
    await sync();
    const [opened, ...others] = subscriptions();
    expect(others).toEqual([]);
    expect(opened?.id).not.toBe(former?.id);
    expect(await repositories.watchSubscriptions.listByConnection(connection)).toMatchObject([
      { id: opened?.id, secretKey: 'newest' },
    ]);
  });

  it('is replaced when Graph has removed it', async () => {
    const { sync, hold, write, subscriptions, sandbox, account, connection, repositories } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10));
    await sync();
    const [removed] = subscriptions();
    await sandbox.control.sendLifecycleEvent({ account, event: 'subscriptionRemoved' });
    await sync({ only: [], lostSubscriptions: [removed?.id ?? ''] });
    const [opened, ...others] = subscriptions();
    expect(others).toEqual([]);
    expect(opened?.id).not.toBe(removed?.id);
    expect(await repositories.watchSubscriptions.listByConnection(connection)).toMatchObject([
      { id: opened?.id },
    ]);
  });

  it('that cannot be extended for a moment is replaced, and a refused one leaves the calendar to polling', async () => {
    const { sync, hold, write, subscriptions, fault } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10));
    fault('microsoft', { kind: 'outage', operation: 'subscriptions.create' });
    expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync', pushError: 'outage' }] });
    fault('microsoft', { kind: 'none' });
    expect(await sync()).toMatchObject({ calendars: [{ pushError: undefined }] });
    const [first] = subscriptions();
    fault('microsoft', { kind: 'outage', operation: 'subscriptions.update', times: 1 });
    await sync({ lostSubscriptions: [first?.id ?? ''] });
    const [second, ...others] = subscriptions();
    expect(others).toEqual([]);
    expect(second?.id).not.toBe(first?.id);
  });

  it('ends with the last audition that uses the calendar', async () => {
    const { sync, hold, write, subscriptions, pool, auditionId } = await setup();
    await hold(slotIn(10));
    await write(slotIn(10));
    await sync();
    expect(subscriptions()).toHaveLength(1);
    await pool.query('DELETE FROM slot_holds WHERE audition_id = $1', [auditionId]);
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
    expect(subscriptions()).toEqual([]);
  });
});
