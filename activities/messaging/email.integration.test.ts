import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { EmailProvider, Providers } from '../../providers/ports.ts';
import {
  type ActivityHarnessOptions,
  ada,
  noticeFacts,
  useActivityHarness,
} from '../../tests/harness/activity-harness.ts';
import type { SendNoticeInput } from '../contract.ts';

const benchFor = useActivityHarness();

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;

/** The worker dies the first times it sends, before or after the server has the message. */
const dying =
  (when: 'before' | 'after', times: number) =>
  (providers: Providers): Providers => {
    let deaths = times;
    const die = (now: typeof when) => {
      if (now !== when || deaths === 0) return;
      deaths -= 1;
      throw new Error('killed');
    };
    const send: EmailProvider['send'] = async (...args) => {
      die('before');
      await providers.email.send(...args);
      die('after');
    };
    return { ...providers, email: { ...providers.email, send } };
  };
const dyingAfterSending = () => dying('after', 1);

const setup = async (options: ActivityHarnessOptions = {}) => {
  const bench = await benchFor(options);
  const address = `${bench.auditionId}@example.com`;
  const recipient = { ...ada, email: address };
  const invitation: SendNoticeInput = {
    ...bench.about,
    key: bench.key('invitation:r1'),
    channel: 'email',
    notice: 'invitation',
    recipient,
    audition: noticeFacts,
  };
  const send = (changes: Partial<SendNoticeInput> = {}) =>
    bench.activities.sendNotice({ ...invitation, ...changes });
  const sendAgain = () => bench.retriedByOperator.sendNotice(invitation);
  const retract = (...steps: readonly string[]) =>
    bench.activities.retractNotice({
      ...bench.about,
      key: bench.key('cancellation'),
      sentAs: steps.map(bench.key),
      channel: 'email',
      recipient,
      audition: noticeFacts,
    });
  return { ...bench, recipient, send, sendAgain, retract, inbox: () => bench.inboxOf(address) };
};

describe('a notice by email', () => {
  it('arrives once, with the link and an invitation for the calendar', async () => {
    const { send, inbox } = await setup();
    const { deliveryId } = await send();
    expect(await send()).toEqual({ deliveryId });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    const [letter] = await inbox();
    expect(letter).toMatchObject({ subject: 'Invitation: Captain, Nightfall' });
    expect(letter?.headers['message-id']).toBe(deliveryId);
    expect(letter?.text).toContain('/respond/');
    expect(letter?.attachments?.map(({ contentType }) => contentType)).toContain('text/calendar');
  });

  it('brings no second entry to somebody whose calendar is connected', async () => {
    const { send, inbox, recipient } = await setup();
    await send({ recipient: { ...recipient, calendar } });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    expect((await inbox())[0]?.attachments ?? []).toEqual([]);
  });

  it('arrives once when the worker dies right after the handover', async () => {
    const { send, inbox, timePasses } = await setup({ wrapProviders: dyingAfterSending() });
    await expect(send()).rejects.toThrow('killed');
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    await timePasses();
    await send();
    expect(await inbox()).toHaveLength(1);
  });

  it('without a journal waits for a person, who may have it sent again under the same Message-ID', async () => {
    const { send, sendAgain, inbox, timePasses } = await setup({
      journal: false,
      wrapProviders: dyingAfterSending(),
    });
    await send().catch(() => undefined);
    await timePasses();
    const asked = { type: 'outcome_unknown', nonRetryable: true, details: [{ provider: 'smtp' }] };
    await expect(send()).rejects.toMatchObject(asked);
    await expect(send()).rejects.toMatchObject(asked);
    expect(await inbox()).toHaveLength(1);
    const { deliveryId } = await sendAgain();
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
    expect((await inbox()).map(({ headers }) => headers['message-id'])).toEqual([deliveryId, deliveryId]);
  });

  it('without a journal is sent at once when the worker died before the handover', async () => {
    const { send, inbox, timePasses } = await setup({
      journal: false,
      wrapProviders: dying('before', 1),
    });
    await expect(send()).rejects.toThrow('killed');
    await timePasses();
    await send();
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
  });

  it('of which nobody can say whether it was sent is corrected', async () => {
    const { send, retract, inbox, timePasses } = await setup({
      journal: false,
      wrapProviders: dyingAfterSending(),
    });
    await send().catch(() => undefined);
    await timePasses();
    expect(await retract('invitation:r1')).toEqual({ result: 'undone' });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
  });

  it('that was sent is corrected once, however often that is asked for', async () => {
    const { send, retract, inbox } = await setup();
    await send();
    expect(await retract('invitation:r1', 'update:r2')).toEqual({ result: 'undone' });
    expect(await retract('invitation:r1', 'update:r2')).toEqual({ result: 'undone' });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
    expect((await inbox()).map(({ subject }) => subject).sort()).toEqual([
      'Cancelled: Captain, Nightfall',
      'Invitation: Captain, Nightfall',
    ]);
  });

  it('that was never sent needs no correction, and is not sent afterwards', async () => {
    const { send, retract, inbox } = await setup();
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
    await expect(send()).rejects.toMatchObject({ type: 'Compensated' });
    expect(await inbox()).toEqual([]);
  });

  it('waits for a mail server that takes its time to take the message over', async () => {
    const { send, inbox } = await setup({
      wrapProviders: (providers) => ({
        ...providers,
        email: {
          ...providers.email,
          send: async (message, beforeHandover, call) => {
            await pause(9_000);
            await providers.email.send(message, beforeHandover, call);
          },
        },
      }),
    });
    await send();
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
  });

  it('to nobody is refused for good', async () => {
    const { send, recipient } = await setup();
    await expect(send({ recipient: { ...recipient, email: undefined } })).rejects.toMatchObject({
      type: 'rejected_input',
      nonRetryable: true,
    });
  });
});
