import { setTimeout as pause } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, vi } from 'vitest';
import type { EmailProvider, Providers } from '../../providers/ports.ts';
import {
  type ActivityHarnessOptions,
  ada,
  laterSlot,
  noticeFacts,
  useActivityHarness,
} from '../../tests/harness/activity-harness.ts';
import type { SendNoticeInput } from '../contract.ts';

const benchFor = useActivityHarness();

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;

/** Crashes the worker the first `times` times that it sends, before or after the server accepts the message. */
const crashing =
  (when: 'before' | 'after', times: number) =>
  (providers: Providers): Providers => {
    let crashesLeft = times;
    const crash = (point: typeof when) => {
      if (point !== when || crashesLeft === 0) return;
      crashesLeft -= 1;
      throw new Error('killed');
    };
    const send: EmailProvider['send'] = async (...args) => {
      crash('before');
      await providers.email.send(...args);
      crash('after');
    };
    return { ...providers, email: { ...providers.email, send } };
  };
const crashAfterSending = () => crashing('after', 1);

/** Keeps the calendar part of each email that is sent. */
const keepingCalendars =
  (sent: (string | undefined)[]) =>
  (providers: Providers): Providers => ({
    ...providers,
    email: {
      ...providers.email,
      send: async (...args) => {
        sent.push(args[0].calendar?.content);
        await providers.email.send(...args);
      },
    },
  });

const aboutCalendar = (sequence: number) => ({ ...noticeFacts, sequence, changed: 'calendar' }) as const;

const sequenceOf = (content: string | undefined) => Number(/SEQUENCE:(\d+)/.exec(content ?? '')?.[1]);
const uidOf = (content: string | undefined) => /UID:.*/.exec(content ?? '')?.[0];

/** Resolves `connecting` when the first email is about to be sent, and sends it after `delay`. */
const sendingAfter =
  (connecting: { readonly resolve: () => void }, delay: Promise<void>) =>
  (providers: Providers): Providers => ({
    ...providers,
    email: {
      ...providers.email,
      send: async (...args) => {
        connecting.resolve();
        await delay;
        await providers.email.send(...args);
      },
    },
  });

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
  return {
    ...bench,
    recipient,
    invitation,
    send,
    sendAgain,
    retract,
    inbox: () => bench.inboxOf(address),
  };
};

describe('a notice by email', () => {
  it('arrives once, with the response link and a calendar invitation', async () => {
    const { send, inbox } = await setup();
    const { deliveryId } = await send();
    expect(await send()).toEqual({ deliveryId });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    const [email] = await inbox();
    expect(email).toMatchObject({ subject: 'Invitation: Captain, Nightfall' });
    expect(email?.headers['message-id']).toBe(deliveryId);
    expect(email?.text).toMatch(/\/r\/\w{17}$/m);
    expect(email?.attachments?.map(({ contentType }) => contentType)).toContain('text/calendar');
  });

  it('contains no calendar invitation for a recipient with a connected calendar', async () => {
    const { send, inbox, recipient } = await setup();
    await send({ recipient: { ...recipient, calendar } });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    expect((await inbox())[0]?.attachments ?? []).toEqual([]);
  });

  it('contains a calendar invitation for a recipient whose calendar is only read', async () => {
    const { send, inbox, recipient } = await setup();
    const feed = { provider: 'ics', connection: 'conn_1', calendarId: 'primary' } as const;
    await send({ recipient: { ...recipient, calendar: feed } });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    const [email] = await inbox();
    expect(email?.attachments?.map(({ contentType }) => contentType)).toContain('text/calendar');
  });

  it('removes the entry of earlier emails when the event is in a connected calendar, and restores it later', async () => {
    const sent: (string | undefined)[] = [];
    const { send, retract, key, recipient, inbox } = await setup({ wrapProviders: keepingCalendars(sent) });
    const connected = { ...recipient, calendar };
    await send({ audition: { ...noticeFacts, sequence: 5 } });
    const toCalendar = {
      notice: 'update',
      key: key('update:r1:added-2'),
      recipient: connected,
      audition: aboutCalendar(6),
    } as const;
    await send(toCalendar);
    await send(toCalendar);
    await send({ notice: 'update', key: key('update:r2'), recipient: connected });
    await send({ notice: 'update', key: key('update:r2:added-3'), audition: aboutCalendar(8) });
    expect(await retract('invitation:r1')).toEqual({ result: 'undone' });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(5));
    const methods = sent.map((content) => /METHOD:(\w+)/.exec(content ?? '')?.[1]);
    expect(methods).toEqual(['REQUEST', 'CANCEL', undefined, 'REQUEST', 'CANCEL']);
    const [request, cancel, , again] = sent;
    expect([request, cancel, again].map(sequenceOf)).toEqual([5, 6, 8]);
    expect(new Set([request, cancel, again].map(uidOf)).size).toBe(1);
    const subjects = (await inbox()).map(({ subject }) => subject);
    expect(subjects).toContain('In your connected calendar: Captain, Nightfall');
    expect(subjects).toContain('Calendar entry: Captain, Nightfall');
  });

  it('arrives once when the worker crashes right after the handover', async () => {
    const { send, inbox, timePasses } = await setup({ wrapProviders: crashAfterSending() });
    await expect(send()).rejects.toThrow('killed');
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    await timePasses();
    await send();
    expect(await inbox()).toHaveLength(1);
  });

  it('fails as outcome_unknown without a journal, and an operator can resend it under the same Message-ID', async () => {
    const { send, sendAgain, inbox, timePasses } = await setup({
      journal: false,
      wrapProviders: crashAfterSending(),
    });
    await send().catch(() => undefined);
    await timePasses();
    const unknownOutcome = { type: 'outcome_unknown', nonRetryable: true, details: [{ provider: 'smtp' }] };
    await expect(send()).rejects.toMatchObject(unknownOutcome);
    await expect(send()).rejects.toMatchObject(unknownOutcome);
    expect(await inbox()).toHaveLength(1);
    const { deliveryId } = await sendAgain();
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
    expect((await inbox()).map(({ headers }) => headers['message-id'])).toEqual([deliveryId, deliveryId]);
  });

  it('asks again when the activity is executed again without a decision of the operator', async () => {
    const { send, retriedByOperator, invitation, inbox, timePasses } = await setup({
      journal: false,
      wrapProviders: crashAfterSending(),
    });
    const executedAgain = (isOperatorRetry: boolean) =>
      retriedByOperator.sendNotice({ ...invitation, isOperatorRetry });
    await send().catch(() => undefined);
    await timePasses();
    const unknownOutcome = { type: 'outcome_unknown', nonRetryable: true };
    await expect(send({ isOperatorRetry: false })).rejects.toMatchObject(unknownOutcome);
    await expect(executedAgain(false)).rejects.toMatchObject(unknownOutcome);
    expect(await inbox()).toHaveLength(1);
    await send({ isOperatorRetry: true });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
  });

  it('is sent without asking the operator when the worker crashed before the handover', async () => {
    const { send, inbox, timePasses } = await setup({
      journal: false,
      wrapProviders: crashing('before', 1),
    });
    await expect(send()).rejects.toThrow('killed');
    await timePasses();
    await send();
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
  });

  it('gets a cancellation when it is unknown whether it was sent', async () => {
    const { send, retract, inbox, timePasses } = await setup({
      journal: false,
      wrapProviders: crashAfterSending(),
    });
    await send().catch(() => undefined);
    await timePasses();
    expect(await retract('invitation:r1')).toEqual({ result: 'undone' });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
  });

  it('gets one cancellation when the retraction is repeated', async () => {
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

  it('stands in the ledger until it is retracted, and its cancellation does not', async () => {
    const { send, retract, repositories, auditionId, key } = await setup();
    await send();
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([
      { key: key('invitation:r1'), target: { kind: 'notice', participant: 'ada', channel: 'email' } },
    ]);
    await retract('invitation:r1', 'update:r2');
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([]);
  });

  it('does not stand when it was certainly not sent', async () => {
    const { send, retract, repositories, auditionId, timePasses } = await setup({
      wrapProviders: crashing('before', 1),
    });
    await expect(send()).rejects.toThrow('killed');
    await timePasses();
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([]);
  });

  it('gets no cancellation when it was never sent, and is not sent afterwards', async () => {
    const { send, retract, inbox } = await setup();
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
    await expect(send()).rejects.toMatchObject({ type: 'Compensated' });
    expect(await inbox()).toEqual([]);
  });

  it('gets its cancellation as soon as the email that is being sent has been accepted', async () => {
    const started = Promise.withResolvers<void>();
    const accept = Promise.withResolvers<void>();
    const { send, retract, inbox } = await setup({
      wrapProviders: (providers) => ({
        ...providers,
        email: {
          ...providers.email,
          send: async (message, beforeHandover, call) => {
            started.resolve();
            await accept.promise;
            await providers.email.send(message, beforeHandover, call);
          },
        },
      }),
    });
    const sending = send();
    await started.promise;
    const retracted = retract('invitation:r1');
    await pause(200);
    accept.resolve();
    await sending;
    const sent = performance.now();
    expect(await retracted).toEqual({ result: 'undone' });
    expect(performance.now() - sent).toBeLessThan(2_000);
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
  });

  it('is retracted when the lease of an attempt ends that crashed, and the retraction is retried until then', async () => {
    const { send, retract, timePasses } = await setup({ wrapProviders: crashing('after', 1) });
    await expect(send()).rejects.toThrow('killed');
    const busy = { type: 'busy', nonRetryable: false, nextRetryDelay: 5_000 };
    await expect(retract('invitation:r1')).rejects.toMatchObject(busy);
    await timePasses();
    expect(await retract('invitation:r1')).toEqual({ result: 'undone' });
  });

  it('waits for a mail server that is slow to accept the message', async () => {
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

  it('is not sent when the slot moves while the mail server delays it', async () => {
    const moved = Promise.withResolvers<void>();
    const connecting = Promise.withResolvers<void>();
    const { send, retract, inbox, record } = await setup({
      wrapProviders: sendingAfter(connecting, moved.promise),
    });
    const failure = send().catch((error: unknown) => error);
    await connecting.promise;
    await record({ type: 'slot_moved', slot: laterSlot, revision: 2, origin: 'api' });
    moved.resolve();
    expect(await failure).toMatchObject({ type: 'superseded', nonRetryable: true });
    expect(await inbox()).toEqual([]);
    // The attempt has left no lease behind.
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
  });

  it('is not sent when the activity is cancelled while the mail server delays it', async () => {
    const cancelled = Promise.withResolvers<void>();
    const connecting = Promise.withResolvers<void>();
    const { invitation, unbound, retract, inbox } = await setup({
      wrapProviders: sendingAfter(connecting, cancelled.promise),
    });
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    const sending = environment.run((input: SendNoticeInput) => unbound.sendNotice(input), invitation);
    const failure = sending.catch((error: unknown) => error);
    await connecting.promise;
    environment.cancel('CANCELLED');
    cancelled.resolve();
    expect(await failure).toMatchObject({ name: 'CancelledFailure' });
    expect(await inbox()).toEqual([]);
    expect(await retract('invitation:r1')).toEqual({ result: 'nothing_to_undo' });
  });

  it('that was sent keeps its result when the slot moves', async () => {
    const { send, inbox, record } = await setup();
    const { deliveryId } = await send();
    await record({ type: 'slot_moved', slot: laterSlot, revision: 2, origin: 'api' });
    expect(await send()).toEqual({ deliveryId });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
  });

  it('is not sent as a reminder after the slot has begun', async () => {
    const { send, inbox } = await setup();
    const begun = {
      start: '2026-01-01T09:00:00.000Z',
      end: '2026-01-01T09:30:00.000Z',
      zone: 'UTC',
    } as const;
    const reminder = { notice: 'reminder', audition: { ...noticeFacts, slot: begun } } as const;
    await expect(send(reminder)).rejects.toMatchObject({ type: 'overdue', nonRetryable: true });
    expect(await inbox()).toEqual([]);
  });

  it.each(['bounced', 'complained', 'suppressed'])(
    'is not sent to an address after an email that was %s, until the suppression is lifted',
    async (code) => {
      const { send, inbox, repositories, key, recipient, retract } = await setup();
      const { deliveryId } = await send();
      const report = { inboxId: 'whk_1', deliveryId, channel: 'email', status: 'failed' } as const;
      await repositories.noticeDeliveries.report({ ...report, code });
      const suppressed = { type: 'suppressed', nonRetryable: true };
      const reminder = { notice: 'reminder', key: key('reminder:r1') } as const;
      await expect(send(reminder)).rejects.toMatchObject(suppressed);
      await expect(send({ notice: 'update', key: key('update:r1') })).rejects.toMatchObject(suppressed);
      await expect(retract('invitation:r1')).rejects.toMatchObject(suppressed);
      expect(await inbox()).toHaveLength(1);
      // The spelling of the address does not matter.
      const address = recipient.email?.toUpperCase() ?? '';
      expect(await repositories.suppressions.lift('org_1', address)).toBe(true);
      expect(await repositories.suppressions.lift('org_1', address)).toBe(false);
      await send(reminder);
      await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
      // A repetition of the report does not suppress the address again.
      await repositories.noticeDeliveries.report({ ...report, code });
      await send({ notice: 'update', key: key('update:r1') });
      await vi.waitFor(async () => expect(await inbox()).toHaveLength(3));
    },
  );

  it('is sent after a transient bounce, and by another organization', async () => {
    const { send, inbox, repositories, key, recipient, auditionId } = await setup();
    const { deliveryId } = await send();
    const report = { inboxId: 'whk_1', deliveryId, channel: 'email', code: 'bounced' } as const;
    await repositories.noticeDeliveries.report({ ...report, status: 'deferred' });
    await send({ notice: 'update', key: key('update:r1') });
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(2));
    await repositories.noticeDeliveries.report({ ...report, inboxId: 'whk_2', status: 'failed' });
    const present = (organization: 'org_1' | 'org_south') =>
      repositories.announcements.present(auditionId, { organization, email: recipient.email });
    expect(await present('org_1')).toMatchObject({ suppression: 'bounced' });
    expect(await present('org_south')).toMatchObject({ suppression: undefined });
    expect(await repositories.suppressions.lift('org_south', recipient.email ?? '')).toBe(false);
    expect(await repositories.suppressions.list('org_1')).toContainEqual(
      expect.objectContaining({ reason: 'bounced', participant: recipient.id }),
    );
  });

  it('fails as trail_ahead, and is not sent, when the trail has facts of another run', async () => {
    const { activities, invitation, send, inbox, about, repositories, auditionId } = await setup();
    await repositories.events.append({ auditionId, run: 'another run', position: about.trail });
    const ahead = { type: 'trail_ahead', nonRetryable: true };
    const trail = { facts: [], number: 2 };
    await expect(send({ trail })).rejects.toMatchObject(ahead);
    const { key, recipient, channel, ...common } = { ...invitation, trail };
    const group = { ...common, notices: [{ key, recipient, channel }] };
    await expect(activities.sendNotices(group)).rejects.toMatchObject(ahead);
    const retraction = { ...invitation, trail, sentAs: [key] };
    await expect(activities.retractNotice(retraction)).rejects.toMatchObject(ahead);
    expect(await inbox()).toEqual([]);
  });

  it('fails as non-retryable when the recipient has no email address', async () => {
    const { send, recipient } = await setup();
    const rejected = { type: 'rejected_input', nonRetryable: true };
    await expect(send({ recipient: { ...recipient, email: undefined } })).rejects.toMatchObject(rejected);
  });
});
