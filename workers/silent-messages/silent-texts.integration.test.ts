/** Questions about text messages whose callback was lost, against PostgreSQL and the provider sandbox. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { hour } from '../../domain/time/units.ts';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import { createTwilioClient } from '../../providers/twilio/client.ts';
import { createTwilioTextMessages } from '../../providers/twilio/text-messages.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';
import { createSilentMessageRound } from './silent-message-round.ts';
import { createSilentTextRule } from './silent-text-rule.ts';

const setupInbox = useInboxRounds();

const participant = participantIdSchema.parse('performer-1');
const reachable = '+33612345678';
/** The sandbox accepts the message, and fails to deliver it with error 30003. */
const unreachable = '+15005530003';

const setup = async (options: Parameters<typeof startSandbox>[0] = {}) => {
  const sandbox = await startSandbox({ ...options, twilio: { statusDelayMs: 1, ...options.twilio } });
  onTestFinished(() => sandbox.close());
  const relay = await setupInbox();
  const { repositories, pool } = relay;
  const messagingServiceSid = 'MG00000000000000000000000000005a5a';
  const textMessages = createTwilioTextMessages(
    createTwilioClient({
      apiUrl: sandbox.url,
      accountSid: 'AC00000000000000000000000000005a5a',
      authToken: 'sandbox-twilio-token',
      messagingServiceSid,
    }),
    messagingServiceSid,
  );
  const clock = { now: Date.now() };
  const logged: unknown[] = [];
  const round = createSilentMessageRound(createSilentTextRule(textMessages), {
    silentMessages: repositories.silentMessages,
    inbox: repositories.inbox,
    logger: { info: () => undefined, warn: (fields: unknown) => logged.push(fields) },
    now: () => clock.now,
  });
  const auditionId = newAuditionId();
  await storeEvents(repositories.events, auditionId, trail(factsUntilScheduled(auditionId)));
  /** Stores a message as sent this many hours ago. */
  const store = async (id: string, hours = 2): Promise<void> => {
    await repositories.noticeDeliveries.put({
      id,
      organization: 'org_north',
      auditionId,
      participant,
      channel: 'sms',
    });
    await pool.query(`UPDATE deliveries SET created_at = now() - $2 * interval '1 hour' WHERE id = $1`, [
      id,
      hours,
    ]);
  };
  /** Sends a text message without a callback, and stores it as sent this many hours ago. */
  const send = async (to: string, hours?: number): Promise<string> => {
    const { id } = await textMessages.send({ to, body: 'Ref K7', reference: 'K7' }, callContext());
    await store(id, hours);
    return id;
  };
  const reaches = (id: string, status: string) =>
    expect.poll(async () => (await textMessages.statusOf(id, callContext())).status).toBe(status);
  const ask = async () => {
    expect(await round(notStopping)).toBe(false);
    await relay.round(notStopping);
  };
  const statusOf = async (id: string) => (await repositories.noticeDeliveries.find(id))?.status;
  const questions = () => Object.values(sandbox.control.state().calls.twilio['messages.get'] ?? {});
  return { ...relay, ...sandbox, auditionId, store, send, reaches, ask, statusOf, questions, clock, logged };
};

describe('a text message of which nothing was reported for an hour', () => {
  it('that failed is signaled to its audition, as by a callback', async () => {
    const { auditionId, send, reaches, ask, signals, statusOf } = await setup();
    const id = await send(unreachable);
    await reaches(id, 'failed');
    await ask();
    const report = { participant, channel: 'sms', deliveryId: id, status: 'failed', code: '30003' };
    expect(signals).toMatchObject([{ id: auditionId, about: 'delivery', report }]);
    expect(await statusOf(id)).toBe('failed');
    await ask();
    expect(signals).toHaveLength(1);
  });

  it('about a cancellation is asked about as well', async () => {
    const { auditionId, repositories, send, reaches, ask, statusOf } = await setup();
    await storeEvents(
      repositories.events,
      auditionId,
      trail([{ type: 'cancelled', origin: 'api', reason: 'ill' }], { from: 7 }),
    );
    const [lost, arrived] = [await send(unreachable), await send(reachable)];
    await reaches(lost, 'failed');
    await reaches(arrived, 'delivered');
    await ask();
    expect([await statusOf(lost), await statusOf(arrived)]).toEqual(['failed', 'delivered']);
  });

  it('that was delivered is stored as delivered, and signaled to no audition', async () => {
    const { send, reaches, ask, signals, statusOf } = await setup();
    const id = await send(reachable);
    await reaches(id, 'delivered');
    await ask();
    expect(await statusOf(id)).toBe('delivered');
    expect(signals).toEqual([]);
  });

  it('that is still queued is asked about again when its age has doubled', async () => {
    const { send, ask, statusOf, questions, clock } = await setup({ twilio: { statusDelayMs: 60_000 } });
    const id = await send(reachable);
    await ask();
    await ask();
    expect(questions()).toEqual([1]);
    expect(await statusOf(id)).toBe('queued');
    clock.now += 2.1 * hour;
    await ask();
    expect(questions()).toEqual([2]);
  });

  it('that Twilio does not have leaves the others alone', async () => {
    const { store, send, reaches, ask, statusOf } = await setup();
    const id = await send(reachable);
    await reaches(id, 'delivered');
    await store(`SM${'0'.repeat(32)}`, 3);
    await ask();
    expect(await statusOf(id)).toBe('delivered');
  });

  it('waits for the end of an outage', async () => {
    const { send, reaches, ask, statusOf, control, logged } = await setup();
    const id = await send(reachable);
    await reaches(id, 'delivered');
    control.setFault('twilio', { kind: 'outage', times: 1 });
    await ask();
    expect(await statusOf(id)).toBe('queued');
    expect(logged).toHaveLength(1);
    await ask();
    expect(await statusOf(id)).toBe('delivered');
  });
});

describe('a text message', () => {
  it('is not asked about within an hour, nor after three days', async () => {
    const { send, ask, questions } = await setup();
    await send(reachable, 0.9);
    await send(reachable, 73);
    await ask();
    expect(questions()).toEqual([]);
  });
});
