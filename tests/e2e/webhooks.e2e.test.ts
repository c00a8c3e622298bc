/**
 * Sends the webhooks of real auditions twice, in random order, while workers are killed. Each must be applied once: to the
 * trail, or to the delivery status of its notice. `npm run test:deep` takes more auditions; tests/webhooks tests the inbox with thousands of webhooks.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import twilio from 'twilio';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { createApiClient, day, requestBody } from '../harness/api-client.ts';
import { atDepth, seededRandom } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import { endRelayLeases, shuffled } from '../harness/killed-relays.ts';
import { localDefaults } from '../harness/local-defaults.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

const auditions = atDepth(4, 40);
const concurrentSenders = 4;
const random = seededRandom();
const killCount = 3;

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

interface SignedWebhook {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const mailWebhook = (deliveryId: string): SignedWebhook => {
  const body = JSON.stringify({ type: 'email.delivered', data: { message_id: deliveryId } });
  const [id, now] = [`msg_${randomUUID()}`, new Date()];
  const signature = new Webhook(localDefaults.MAIL_WEBHOOK_SECRET).sign(id, now, body);
  return {
    path: '/v1/webhooks/mail',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': signature,
    },
  };
};

const twilioWebhook = (audition: string, participant: string, deliveryId: string): SignedWebhook => {
  const path = `/v1/webhooks/twilio?audition=${audition}&participant=${participant}`;
  const form = { MessageSid: deliveryId, MessageStatus: 'delivered' };
  return {
    path,
    body: new URLSearchParams(form).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(
        localDefaults.TWILIO_AUTH_TOKEN,
        `${service.url}${path}`,
        form,
      ),
    },
  };
};

const zoomWebhook = (event: string, meetingId: string, at: number): SignedWebhook => {
  const payload = { object: { id: meetingId, uuid: `uuid-${meetingId}` } };
  const body = JSON.stringify({ event, event_ts: at, payload });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', localDefaults.ZOOM_WEBHOOK_SECRET)
    .update(`v0:${timestamp}:${body}`)
    .digest('hex');
  return {
    path: '/v1/webhooks/zoom',
    body,
    headers: {
      'content-type': 'application/json',
      'x-zm-request-timestamp': timestamp,
      'x-zm-signature': `v0=${signature}`,
    },
  };
};

const webhooksFor = ({ id, notices, meeting, slot }: AuditionView): readonly SignedWebhook[] => {
  const [start = 0, end = 0] = slot ? [Date.parse(slot.start), Date.parse(slot.end)] : [];
  return [
    ...notices.map(({ channel, participant, deliveryId }) =>
      channel === 'sms' ? twilioWebhook(id, participant, deliveryId) : mailWebhook(deliveryId),
    ),
    zoomWebhook('meeting.started', meeting?.id ?? '', start + 1_000),
    zoomWebhook('meeting.ended', meeting?.id ?? '', end + 1_000),
  ];
};

const send = async ({ path, ...init }: SignedWebhook): Promise<void> => {
  const { status } = await fetch(`${service.url}${path}`, { method: 'POST', ...init });
  expect(status).toBe(204);
};

/** Sends webhooks, and kills the worker after a random number of them. */
const sendWhileKilling = async (share: SignedWebhook[], worker: { kill(): Promise<void> }): Promise<void> => {
  const killAt = Math.floor(random() * share.length);
  const sendAll = async () => {
    for (let webhook = share.pop(); webhook; webhook = share.pop()) {
      await send(webhook);
      if (share.length === killAt) await worker.kill();
    }
  };
  await Promise.all(Array.from({ length: concurrentSenders }, sendAll));
  await worker.kill();
};

const isAllDelivered = async (): Promise<boolean> => {
  const { pool } = service.database;
  await endRelayLeases(pool);
  return (await pool.query("SELECT FROM webhook_inbox WHERE state <> 'delivered'")).rowCount === 0;
};

const countsOf = async (type: string): Promise<readonly number[]> =>
  (
    await service.database.pool.query(
      `SELECT count(*)::int AS times FROM audit_events WHERE type = $1 GROUP BY audition_id, fact ->> 'deliveryId'`,
      [type],
    )
  ).rows.map(({ times }) => times);

it(
  `the service applies each webhook of ${auditions} auditions once when workers are killed`,
  async () => {
    const platform = createApiClient(service);
    let worker = await service.startWorker();
    const requested = await Promise.all(
      Array.from({ length: auditions }, (_, n) => platform.request(requestBody(n, 3 * day + n * 3_600_000))),
    );
    const views = await Promise.all(requested.map(({ id }) => platform.untilNotified(id)));
    await worker.kill();

    const sent = views.flatMap(webhooksFor);
    const queue = shuffled([...sent, ...sent]);
    const share = Math.ceil(queue.length / killCount);
    while (queue.length > 0) {
      worker = await service.startWorker();
      await isAllDelivered();
      await sendWhileKilling(queue.splice(0, share), worker);
    }
    await service.startWorker();
    await eventually(isAllDelivered, 60_000, () => service.printed());

    const notices = views.reduce((sum, view) => sum + view.notices.length, 0);
    expect(notices).toBe(4 * auditions);
    await eventually(async () => (await countsOf('session_ended')).length === auditions, 60_000);
    // A session whose end is reported first is over without a start.
    expect(new Set([1, ...(await countsOf('session_started'))])).toEqual(new Set([1]));
    expect(new Set(await countsOf('session_ended'))).toEqual(new Set([1]));
    const statuses = await Promise.all(
      views.map(async ({ id }) => (await platform.view(id)).notices.map(({ status }) => status)),
    );
    expect(statuses.flat()).toEqual(Array.from({ length: notices }, () => 'delivered'));
    expect(await countsOf('delivery_reported')).toEqual([]);
    const { rows } = await service.database.pool.query(
      "SELECT count(*)::int AS rows, sum(duplicates)::int AS repeated FROM webhook_inbox WHERE provider IN ('smtp', 'zoom')",
    );
    expect(rows).toEqual([{ rows: 5 * auditions, repeated: 5 * auditions }]);
  },
  180_000 + auditions * 2_000,
);
