/** What the calendar parts of successive emails do with the entry of one recipient. */
import { describe, expect, it, vi } from 'vitest';
import type { Providers } from '../../providers/ports.ts';
import { ada, noticeFacts, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import type { NoticeFacts, SendNoticeInput } from '../contract.ts';

const benchFor = useActivityHarness();

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;

/** Keeps the calendar part of each email that is sent. `isKilled`: the worker dies after the first hand-over. */
const keepingCalendars =
  (sent: (string | undefined)[], isKilled: boolean) =>
  (providers: Providers): Providers => ({
    ...providers,
    email: {
      ...providers.email,
      send: async (...args) => {
        await providers.email.send(...args);
        sent.push(args[0].calendar?.content);
        if (isKilled && sent.length === 1) throw new Error('killed');
      },
    },
  });

/** @param isKilled the worker dies after the hand-over of the first email, and no journal knows of it */
const setup = async ({ isKilled = false } = {}) => {
  const sent: (string | undefined)[] = [];
  const bench = await benchFor({ journal: !isKilled, wrapProviders: keepingCalendars(sent, isKilled) });
  const address = `${bench.auditionId}@example.com`;
  const recipient = { ...ada, email: address };
  const connected = { ...recipient, calendar };
  const send = (step: string, sequence: number, changes: Partial<SendNoticeInput> = {}) =>
    bench.activities.sendNotice({
      ...bench.about,
      key: bench.key(step),
      channel: 'email',
      notice: 'update',
      recipient,
      ...changes,
      audition: { ...noticeFacts, sequence, ...changes.audition },
    });
  return {
    ...bench,
    connected,
    send,
    invite: (changes?: Partial<SendNoticeInput>) =>
      send('invitation:r1', 5, { notice: 'invitation', ...changes }),
    /** Says that the entry is in the connected calendar. */
    move: (sequence: number, changes?: Partial<SendNoticeInput>) =>
      send(`update:r1:entry-${sequence}`, sequence, { recipient: connected, audition: moved, ...changes }),
    cancel: (sequence: number, to: SendNoticeInput['recipient'] = connected) =>
      bench.activities.retractNotice({
        ...bench.about,
        key: bench.key(`cancellation:${sequence}`),
        sentAs: [bench.key('invitation:r1')],
        channel: 'email',
        recipient: to,
        audition: { ...noticeFacts, sequence },
      }),
    /** Makes the emails so far those of an earlier version, which did not record what they contained. */
    forgetParts: () =>
      bench.pool.query(
        'UPDATE deliveries SET calendar_part = NULL, calendar_sequence = NULL WHERE audition_id = $1',
        [bench.auditionId],
      ),
    inbox: () => bench.inboxOf(address),
    parts: () =>
      sent.map((content) =>
        content === undefined
          ? undefined
          : [/METHOD:(\w+)/.exec(content)?.[1], Number(/SEQUENCE:(\d+)/.exec(content)?.[1])].join(' '),
      ),
  };
};

const moved: NoticeFacts = { ...noticeFacts, changed: 'calendar' };
const superseded = { type: 'superseded', nonRetryable: true };

describe('the calendar entry that emails have made', () => {
  it('is removed by the cancellation, although the recipient has got a connected calendar since', async () => {
    const { invite, cancel, parts } = await setup();
    await invite();
    expect(await cancel(9)).toEqual({ result: 'undone' });
    expect(await cancel(9)).toEqual({ result: 'undone' });
    expect(parts()).toEqual(['REQUEST 5', 'CANCEL 9']);
  });

  it('is removed when it is unknown whether the email with it arrived', async () => {
    const { invite, cancel, parts, timePasses } = await setup({ isKilled: true });
    await expect(invite()).rejects.toThrow('killed');
    await timePasses();
    await cancel(9);
    expect(parts()).toEqual(['REQUEST 5', 'CANCEL 9']);
  });

  it('is removed when the email with it was sent by a version that did not record it', async () => {
    const { invite, cancel, parts, forgetParts } = await setup();
    await invite();
    await forgetParts();
    await cancel(9);
    expect(parts()).toEqual(['REQUEST 5', 'CANCEL 9']);
  });

  it('is removed once, and again after a later email has made it again', async () => {
    const { invite, send, move, cancel, parts } = await setup();
    await invite();
    await move(6);
    await move(6);
    await expect(move(7)).rejects.toMatchObject(superseded);
    await cancel(8);
    await send('update:r1:added-3', 9);
    await cancel(10);
    expect(parts()).toEqual(['REQUEST 5', 'CANCEL 6', undefined, 'REQUEST 9', 'CANCEL 10']);
  });

  it('is not removed at another address of the participant', async () => {
    const { invite, cancel, parts, connected } = await setup();
    await invite();
    await cancel(9, { ...connected, email: `new.${connected.email}` });
    expect(parts()).toEqual(['REQUEST 5', undefined]);
  });

  it('is not removed when there is none: the email about the connected calendar is not sent', async () => {
    const { invite, move, cancel, connected, inbox } = await setup();
    await expect(move(4)).rejects.toMatchObject(superseded);
    await invite({ recipient: connected });
    await expect(move(6)).rejects.toMatchObject(superseded);
    await cancel(9);
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
    expect((await inbox()).flatMap(({ attachments = [] }) => attachments)).toEqual([]);
  });

  it('is made while the connected calendar does not have the event', async () => {
    const { invite, send, move, connected, parts } = await setup();
    const byEmail = { recipient: connected, isEntryByEmail: true } as const;
    await invite(byEmail);
    await send('update:r2', 6, byEmail);
    await expect(move(7, byEmail)).rejects.toMatchObject(superseded);
    await move(8);
    expect(parts()).toEqual(['REQUEST 5', 'REQUEST 6', 'CANCEL 8']);
  });
});
