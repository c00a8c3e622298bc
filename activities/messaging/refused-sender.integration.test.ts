import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import type { Providers } from '../../providers/ports.ts';
import { noticeFacts, ada as participant, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import type { SendNoticeInput } from '../contract.ts';

const benchFor = useActivityHarness();

let organizations = 0;
const setup = async () => {
  const mailServer = { refusesUs: true };
  const bench = await benchFor({
    wrapProviders: (providers: Providers): Providers => ({
      ...providers,
      email: {
        ...providers.email,
        send: async (...args) => {
          if (!mailServer.refusesUs) return providers.email.send(...args);
          const fault = { kind: 'sender_refused', untilMs: Date.now() + 3_600_000 } as const;
          throw new ProviderError('smtp', 'email.send', fault, { status: 550, message: '5.7.1 refused' });
        },
      },
    }),
  });
  organizations += 1;
  const put = async (name: string) => {
    const id = `org_refused_${name}_${organizations}` as const;
    await bench.repositories.organizations.put({ id, name, meetingProviders: ['zoom'] });
    return id;
  };
  const [north, south] = [await put('north'), await put('south')];
  const input = (name: string, changes: Partial<SendNoticeInput> = {}): SendNoticeInput => ({
    ...bench.about,
    organization: north,
    channel: 'email',
    notice: 'invitation',
    audition: noticeFacts,
    key: bench.key(`invitation:${name}:r1`),
    recipient: {
      ...participant,
      id: participantIdSchema.parse(name),
      email: `${name}-${bench.auditionId}@example.com`,
    },
    ...changes,
  });
  const send = (name: string, changes?: Partial<SendNoticeInput>) =>
    bench.activities.sendNotice(input(name, changes));
  const inboxOf = async (name: string) =>
    (await bench.inboxOf(`${name}-${bench.auditionId}@example.com`)).length;
  return { ...bench, mailServer, south, send, inboxOf };
};

const refusal = (raisesAlert: boolean) => ({
  type: 'sender_refused',
  nonRetryable: true,
  details: [
    expect.objectContaining({ provider: 'smtp', status: 550, raisesAlert, retryAt: expect.any(Number) }),
  ],
});

describe('a message whose sender is refused', () => {
  it('raises the attention item of its organization once, also when many are refused simultaneously', async () => {
    const { send } = await setup();
    const names = ['ada', 'bob', 'cleo', 'dora'];
    const outcomes = await Promise.allSettled(names.map((name) => send(name)));
    const raising = outcomes.filter(
      (outcome) => outcome.status === 'rejected' && outcome.reason.details[0].raisesAlert === true,
    );
    expect(raising).toHaveLength(1);
  });

  it('keeps its item at each attempt, and the messages of another organization have their own', async () => {
    const { send, south } = await setup();
    await expect(send('ada')).rejects.toMatchObject(refusal(true));
    await expect(send('bob')).rejects.toMatchObject(refusal(false));
    await expect(send('ada', { alertsAbout: 'smtp' })).rejects.toMatchObject(refusal(true));
    await expect(send('cleo', { organization: south })).rejects.toMatchObject(refusal(true));
  });

  it('is sent once when the sender is accepted, and a later refusal raises an item again', async () => {
    const { send, mailServer, inboxOf, repositories } = await setup();
    await expect(send('ada')).rejects.toMatchObject(refusal(true));
    await expect(send('bob')).rejects.toMatchObject(refusal(false));
    mailServer.refusesUs = false;
    const { deliveryId } = await send('ada', { alertsAbout: 'smtp' });
    await send('ada', { alertsAbout: 'smtp' });
    await send('bob');
    expect(await inboxOf('ada')).toBe(1);
    expect(await inboxOf('bob')).toBe(1);
    expect(await repositories.noticeDeliveries.find(deliveryId)).toMatchObject({ status: 'queued' });
    mailServer.refusesUs = true;
    await expect(send('cleo')).rejects.toMatchObject(refusal(true));
  });

  it('suppresses no recipient', async () => {
    const { send, about, repositories } = await setup();
    await expect(send('ada')).rejects.toMatchObject(refusal(true));
    expect(await repositories.suppressions.list(about.organization)).toEqual([]);
  });
});
