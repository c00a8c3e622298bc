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
  await storeEvents(repositories.events, auditionId, trail(factsUntilScheduled(auditionId)));
  const deliveryId = `<${auditionId}@castmatch>`;
  const report = (status: DeliveryStatus, inboxId: string = status) =>
    repositories.noticeDeliveries.report({ inboxId, deliveryId, channel: 'email', status });
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
    expect(signals).toMatchObject([
      { id: auditionId, about: 'delivery', report: { participant, channel: 'email', deliveryId, ...failed } },
    ]);
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
