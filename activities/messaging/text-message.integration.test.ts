import { describe, expect, it, vi } from 'vitest';
import {
  type ActivityHarnessOptions,
  ada,
  noticeFacts,
  useActivityHarness,
} from '../../tests/harness/activity-harness.ts';
import type { SendNoticeInput } from '../contract.ts';

const benchFor = useActivityHarness();

const setup = async (options: ActivityHarnessOptions = {}) => {
  const bench = await benchFor(options);
  const common = { ...bench.about, channel: 'sms', recipient: ada, audition: noticeFacts } as const;
  const send = (step = 'invitation:r1', notice: SendNoticeInput['notice'] = 'invitation') =>
    bench.activities.sendNotice({ ...common, key: bench.key(step), notice });
  const retract = (...steps: readonly string[]) =>
    bench.activities.retractNotice({
      ...common,
      key: bench.key('cancellation'),
      sentAs: steps.map(bench.key),
    });
  const messages = () => bench.state().twilio.messages;
  const loseAnswer = () =>
    bench.fault('twilio', {
      kind: 'lost_answer',
      operation: 'messages.create',
      times: 1,
    });
  return { ...bench, send, retract, messages, loseAnswer };
};

describe('a notice by SMS', () => {
  it('is sent once, and its delivery id is stored with the audition', async () => {
    const { send, messages, auditionId, repositories } = await setup();
    const { deliveryId } = await send();
    await send();
    expect(messages()).toMatchObject([{ sid: deliveryId }]);
    expect(await repositories.noticeDeliveries.find(deliveryId)).toMatchObject({
      organization: 'org_1',
      auditionId,
      participant: 'ada',
      channel: 'sms',
      status: 'queued',
    });
  });

  it('is sent once when the answer was lost', async () => {
    const { send, messages, loseAnswer } = await setup();
    loseAnswer();
    await expect(send()).rejects.toMatchObject({ nonRetryable: false });
    const { deliveryId } = await send();
    expect(messages()).toMatchObject([{ sid: deliveryId }]);
  });

  it('is sent once, and an operator is asked, when the answer was lost and Twilio keeps no texts', async () => {
    const { send, messages, loseAnswer } = await setup({
      sandbox: { twilio: { redactsBodies: true, statusDelayMs: 0 } },
    });
    loseAnswer();
    await expect(send()).rejects.toMatchObject({ nonRetryable: false });
    await vi.waitFor(() => expect(messages()).toMatchObject([{ status: 'delivered' }]));
    await expect(send()).rejects.toMatchObject({ type: 'outcome_unknown' });
    expect(messages()).toHaveLength(1);
  });

  it('is sent once when Twilio answers after the deadline', async () => {
    const { send, messages, fault, timePasses } = await setup();
    fault('twilio', { kind: 'latency', operation: 'messages.create', latencyMs: 9_500, times: 1 });
    await expect(send()).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    expect(messages()).toEqual([]);
    await expect(send()).rejects.toMatchObject({ type: 'busy' });
    await vi.waitFor(() => expect(messages()).toHaveLength(1), 3_000);
    const { deliveryId } = await send();
    await timePasses();
    expect(messages()).toMatchObject([{ sid: deliveryId }]);
  });

  it('has a status callback URL that names the audition before anything is recorded', async () => {
    const { send, messages, auditionId, key, publicUrl } = await setup();
    await send();
    const address = new URL(messages()[0]?.status_callback ?? '');
    expect(address.hash).toBe('#rc=5&rp=5xx,ct,rt');
    expect(address.href).toMatch(new RegExp(`^${publicUrl}/v1/webhooks/twilio\\?`));
    expect(Object.fromEntries(address.searchParams)).toEqual({
      audition: auditionId,
      participant: 'ada',
      key: key('invitation:r1'),
    });
  });

  it('is not confused with another message of the same text', async () => {
    const { send, messages, fault } = await setup();
    await send('reminder:PT24H', 'reminder');
    fault('twilio', { kind: 'outage', operation: 'messages.create', times: 1 });
    await expect(send('reminder:PT1H', 'reminder')).rejects.toMatchObject({ type: 'outage' });
    await send('reminder:PT1H', 'reminder');
    expect(messages()).toHaveLength(2);
  });

  it('gets a cancellation when its answer was lost', async () => {
    const { send, retract, messages, loseAnswer } = await setup();
    loseAnswer();
    await send().catch(() => undefined);
    expect(await retract('invitation:r1')).toEqual({ result: 'undone' });
    expect(messages().map(({ body }) => body.split(':')[0])).toEqual(['Cancelled', 'Audition']);
  });

  it('is retracted under one deadline for all searches and the cancellation', async () => {
    const deadlines = new Set<AbortSignal>();
    const { send, retract, loseAnswer, messages } = await setup({
      wrapProviders: ({ textMessages, ...others }) => ({
        ...others,
        textMessages: {
          ...textMessages,
          find: (message, since, call) => {
            deadlines.add(call.signal);
            return textMessages.find(message, since, call);
          },
          send: (message, call) => {
            deadlines.add(call.signal);
            return textMessages.send(message, call);
          },
        },
      }),
    });
    for (const step of ['invitation:r1', 'update:r2']) {
      loseAnswer();
      await send(step).catch(() => undefined);
    }
    deadlines.clear();
    expect(await retract('invitation:r1', 'update:r2')).toEqual({ result: 'undone' });
    expect(messages()).toHaveLength(3);
    expect(deadlines.size).toBe(1);
  });

  it('keeps the retraction busy while it may still be sent', async () => {
    const { send, retract, messages, fault } = await setup();
    fault('twilio', { kind: 'outage', operation: 'messages.create', reset: true, times: 1 });
    await send().catch(() => undefined);
    await expect(retract('invitation:r1')).rejects.toMatchObject({ type: 'busy', nonRetryable: false });
    expect(messages()).toEqual([]);
  });

  it('gets no cancellation when it was certainly not sent, also when the retraction is repeated', async () => {
    const { send, retract, messages, fault, repositories, auditionId } = await setup();
    fault('twilio', { kind: 'outage', operation: 'messages.create', times: 1 });
    await send().catch(() => undefined);
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
    expect(messages()).toEqual([]);
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([]);
  });
});
