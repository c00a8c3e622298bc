/** Delivery reports that arrive after the audition has closed, against PostgreSQL and the inbox relay. */
import { describe, expect, it } from 'vitest';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';

const setupInbox = useInboxRounds();
const participant = participantIdSchema.parse('performer-1');

const setUp = async () => {
  const relay = await setupInbox(async () => 'not_running');
  const { events, noticeDeliveries, auditions } = relay.repositories;
  const id = newAuditionId();
  const cancellation = `<${id}-cancellation@castmatch>`;
  const invitation = `<${id}-invitation@castmatch>`;
  const email = { participant, channel: 'email' } as const;
  const facts = [
    ...factsUntilScheduled(id, 'org_north'),
    { type: 'notified', ...email, notice: 'invitation', revision: 1, deliveryId: invitation } as const,
    { type: 'cancelled', origin: 'api', reason: 'ill' } as const,
  ];
  await storeEvents(events, id, trail(facts));
  for (const deliveryId of [invitation, cancellation])
    await noticeDeliveries.put({ id: deliveryId, organization: 'org_north', auditionId: id, ...email });
  /** Records what the workflow records when it ends. */
  const record = (report: Omit<Extract<AuditionFact, { type: 'delivery_reported' }>, 'type'>) =>
    storeEvents(events, id, trail([{ type: 'delivery_reported', ...report }], { from: facts.length + 1 }));
  const receive = (deliveryId: string, status: DeliveryStatus, code?: string) =>
    relay.receive({ kind: 'message.status', event: { deliveryId, channel: 'email', status, code } });
  const reported = async () => {
    const found = await events.read('org_north', id, { after: 0, limit: 100 });
    return found.flatMap(({ fact }) => (fact.type === 'delivery_reported' ? [fact] : []));
  };
  const view = () => auditions.get('org_north', id);
  return { ...relay, invitation, cancellation, receive, record, reported, view };
};

describe('a report about a message of a closed audition', () => {
  it('that a cancellation bounced is appended to the trail once', async () => {
    const { receive, round, rows, makeDue, pool, reported, cancellation, view } = await setUp();
    await receive(cancellation, 'bounced', 'bounced');
    await round(notStopping);
    const bounced = { participant, deliveryId: cancellation, status: 'bounced', code: 'bounced' };
    expect(await reported()).toMatchObject([bounced]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'appended_late' }]);
    expect(await view()).toMatchObject({ state: 'closed', attention: [] });
    // The worker was killed before it settled the webhook.
    await pool.query("UPDATE webhook_inbox SET state = 'received'");
    await makeDue();
    await round(notStopping);
    expect(await reported()).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'appended_late' }]);
  });

  it('that an invitation was reported as spam is appended, and shown', async () => {
    const { receive, round, reported, invitation, view } = await setUp();
    await receive(invitation, 'complained', 'complained');
    await round(notStopping);
    expect(await reported()).toMatchObject([{ deliveryId: invitation, status: 'complained' }]);
    expect((await view())?.notices).toMatchObject([{ status: 'complained' }]);
  });

  it('that an invitation bounced is appended once, although it failed before', async () => {
    const { receive, round, reported, invitation } = await setUp();
    await receive(invitation, 'failed', 'not_delivered');
    await round(notStopping);
    await receive(invitation, 'bounced', 'bounced');
    await round(notStopping);
    expect(await reported()).toMatchObject([{ status: 'failed' }]);
  });

  it('that the workflow recorded when it ended is not appended again', async () => {
    const { receive, round, reported, cancellation, record } = await setUp();
    await record({ participant, channel: 'email', deliveryId: cancellation, status: 'bounced' });
    await receive(cancellation, 'bounced', 'bounced');
    await round(notStopping);
    expect(await reported()).toHaveLength(1);
  });

  it('that a message was delivered is not appended', async () => {
    const { receive, round, rows, reported, cancellation } = await setUp();
    await receive(cancellation, 'delivered');
    await round(notStopping);
    expect(await reported()).toEqual([]);
    expect(await rows()).toMatchObject([{ reason: 'status_stored' }]);
  });
});
