/** Emails that a mail server defers, against PostgreSQL and the inbox relay. */
import { describe, expect, it } from 'vitest';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';
import { deferredEmailRule } from './deferred-email-rule.ts';
import { createSilentMessageRound } from './silent-message-round.ts';

const setupInbox = useInboxRounds();
const participant = participantIdSchema.parse('performer-1');

const setUp = async () => {
  const relay = await setupInbox();
  const { repositories, pool } = relay;
  const round = createSilentMessageRound(deferredEmailRule, {
    silentMessages: repositories.silentMessages,
    inbox: repositories.inbox,
    logger: { info: () => undefined, warn: () => undefined },
  });
  const auditionId = newAuditionId();
  const deliveryId = `<${auditionId}@castmatch>`;
  const email = { participant, channel: 'email', deliveryId } as const;
  const facts = [
    ...factsUntilScheduled(auditionId),
    { type: 'notified', ...email, notice: 'invitation', revision: 1 } as const,
  ];
  await storeEvents(repositories.events, auditionId, trail(facts));
  /** Records what the workflow records when it gets the signal. */
  const recordFailure = () =>
    storeEvents(
      repositories.events,
      auditionId,
      trail([{ type: 'delivery_reported', ...email, status: 'failed', code: 'delayed_too_long' }], {
        from: facts.length + 1,
      }),
    );
  /** Returns the status that the API shows. */
  const shown = async () => (await repositories.auditions.get('org_north', auditionId))?.notices[0]?.status;
  const report = (status: DeliveryStatus, inboxId: string = status, code?: string) =>
    repositories.noticeDeliveries.report({ inboxId, deliveryId, channel: 'email', status, code });
  /** Stores a report of the mail service in the inbox. */
  const receiveReport = (status: DeliveryStatus) =>
    repositories.inbox.receive({
      kind: 'message.status',
      event: { deliveryId, channel: 'email', status },
      provider: 'smtp',
      dedupeKey: status,
      correlationId: 'test',
    });
  /** Stores an email as sent this many hours ago, with this status. */
  const send = async (hours: number, status: DeliveryStatus) => {
    await repositories.noticeDeliveries.put({
      id: deliveryId,
      organization: 'org_north',
      auditionId,
      participant,
      channel: 'email',
    });
    await pool.query(`UPDATE deliveries SET created_at = now() - $2 * interval '1 hour' WHERE id = $1`, [
      deliveryId,
      hours,
    ]);
    await report(status);
  };
  const settle = async () => {
    expect(await round(notStopping)).toBe(false);
    await relay.round(notStopping);
  };
  const stored = async () => {
    const found = await repositories.noticeDeliveries.find(deliveryId);
    return { status: found?.status, code: found?.code };
  };
  return {
    ...relay,
    settleOnly: () => round(notStopping),
    auditionId,
    deliveryId,
    send,
    report,
    receiveReport,
    recordFailure,
    shown,
    settle,
    stored,
  };
};

describe('an email that is deferred', () => {
  it('for four hours is signaled to its audition once, as not delivered', async () => {
    const { send, settle, signals, stored, auditionId, deliveryId } = await setUp();
    await send(4.1, 'deferred');
    await settle();
    const failed = { status: 'failed', code: 'delayed_too_long' };
    // The mail service has reported no failure: it is a conclusion of this service.
    const report = { principal: 'system', participant, channel: 'email', deliveryId, ...failed };
    expect(signals).toMatchObject([{ id: auditionId, about: 'delivery', report }]);
    expect(await stored()).toEqual(failed);
    await settle();
    expect(signals).toHaveLength(1);
  });

  it('for a shorter time is left to the mail server', async () => {
    const { send, settle, signals, stored } = await setUp();
    await send(3.9, 'deferred');
    await settle();
    expect(signals).toEqual([]);
    expect(await stored()).toMatchObject({ status: 'deferred' });
  });

  it('and is delivered while it is given up stays delivered', async () => {
    const { send, settleOnly, report, round, signals, stored } = await setUp();
    await send(5, 'deferred');
    await settleOnly();
    await report('delivered');
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await stored()).toMatchObject({ status: 'delivered' });
  });

  it('and arrives after it was given up is signaled as delivered, again when the signal was lost', async () => {
    const { send, settle, receiveReport, recordFailure, round, signals, stored, shown, pool } = await setUp();
    await send(5, 'deferred');
    await settle();
    await recordFailure();
    expect(await shown()).toBe('failed');
    await receiveReport('delivered');
    await round(notStopping);
    expect(await stored()).toMatchObject({ status: 'delivered' });
    expect(await shown()).toBe('delivered');
    const delivered = { about: 'delivery', report: { principal: 'provider:smtp', status: 'delivered' } };
    expect(signals.slice(1)).toMatchObject([delivered]);
    // The worker stopped after the signal, before it stored that the report is settled.
    await pool.query(
      `UPDATE webhook_inbox SET state = 'received', next_attempt_at = now() WHERE dedupe_key = 'delivered'`,
    );
    await round(notStopping);
    expect(signals.slice(2)).toMatchObject([delivered]);
  });

  it.each(['not_delivered', 'not_sent'])('and failed with %s stays failed', async (code) => {
    const { send, report, receiveReport, round, signals, stored } = await setUp();
    await send(1, 'deferred');
    await report('failed', 'in-failed', code);
    await receiveReport('delivered');
    await round(notStopping);
    expect(await stored()).toEqual({ status: 'failed', code });
    expect(signals).toEqual([]);
  });

  it('and returned after it was given up is bounced', async () => {
    const { send, settle, report, stored } = await setUp();
    await send(5, 'deferred');
    await settle();
    await report('bounced');
    expect(await stored()).toMatchObject({ status: 'bounced' });
  });
});

it.each<DeliveryStatus>(['queued', 'sent', 'delivered'])(
  'an email that is %s is left alone, however old it is',
  async (status) => {
    const { send, settle, signals, stored } = await setUp();
    await send(100, status);
    await settle();
    expect(signals).toEqual([]);
    expect(await stored()).toMatchObject({ status });
  },
);
