import { describe, expect, it, vi } from 'vitest';
import { ada, type BenchOptions, nightfall, useActivityBench } from '../../tests/harness/activity-bench.ts';
import type { SendNoticeInput } from '../contract.ts';

const benchFor = useActivityBench();

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;

const setup = async (options: BenchOptions = {}) => {
  const bench = await benchFor(options);
  const address = `${bench.auditionId}@example.com`;
  const recipient = { ...ada, email: address };
  const send = (changes: Partial<SendNoticeInput> = {}) =>
    bench.activities.sendNotice({
      ...bench.about,
      key: bench.key('invitation:r1'),
      channel: 'email',
      notice: 'invitation',
      recipient,
      audition: nightfall,
      ...changes,
    });
  const retract = (...steps: readonly string[]) =>
    bench.activities.retractNotice({
      ...bench.about,
      key: bench.key('cancellation'),
      sentAs: steps.map(bench.key),
      channel: 'email',
      recipient,
      audition: nightfall,
    });
  return { ...bench, recipient, send, retract, inbox: () => bench.inboxOf(address) };
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
    let deaths = 1;
    const { send, inbox, leasesRunOut } = await setup({
      between: (providers) => ({
        ...providers,
        email: {
          ...providers.email,
          send: async (...args) => {
            await providers.email.send(...args);
            deaths -= 1;
            if (deaths >= 0) throw new Error('killed');
          },
        },
      }),
    });
    await expect(send()).rejects.toThrow('killed');
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    await leasesRunOut();
    await send();
    expect(await inbox()).toHaveLength(1);
  });

  it('without a journal is sent again under the same Message-ID, by which receivers know it', async () => {
    let deaths = 1;
    const { send, inbox, leasesRunOut } = await setup({
      journal: false,
      between: (providers) => ({
        ...providers,
        email: {
          ...providers.email,
          send: async (...args) => {
            await providers.email.send(...args);
            deaths -= 1;
            if (deaths >= 0) throw new Error('killed');
          },
        },
      }),
    });
    await send().catch(() => undefined);
    await leasesRunOut();
    await send();
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
    const ids = (await inbox()).map(({ headers }) => headers['message-id']);
    expect(new Set(ids).size).toBe(1);
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

  it('to nobody is refused for good', async () => {
    const { send, recipient } = await setup();
    await expect(send({ recipient: { ...recipient, email: undefined } })).rejects.toMatchObject({
      type: 'rejected_input',
      nonRetryable: true,
    });
  });
});
