/** Tests event delivery to the platform in the whole service: trail, outbox, relay, workflow and signed request. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiClient, requestBody } from '../harness/api-client.ts';
import { actor, addEndpoint, secret } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { startReceiver } from '../harness/receiver.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
  await service.startWorker();
});
afterAll(() => service.close());

const day = 86_400_000;

it('event delivery keeps the order, and delivers missed events after the endpoint is enabled again', async () => {
  const receiver = await startReceiver();
  const { repositories } = service.database;
  const endpoint = await addEndpoint(repositories, organization, { url: receiver.url });
  const platform = createApiClient(service);
  const { id } = await platform.request(requestBody(1, 5 * day));
  await platform.until(id, ({ state }) => state === 'scheduled');

  const isDelivered = (type: string) => () => receiver.received.some(({ event }) => event.type === type);
  await eventually(isDelivered('audition.scheduled'), 30_000, () =>
    JSON.stringify(receiver.received.map(({ event }) => event.type)),
  );

  // Status 410 disables the endpoint immediately. When it is enabled again, it receives the missed events.
  receiver.answer(410);
  await platform.command(id, 'cancel', {});
  const isDisabled = async () =>
    (await repositories.endpoints.get(organization, endpoint))?.status === 'disabled';
  await eventually(isDisabled, 30_000);
  receiver.answer(204);
  const before = receiver.received.length;
  await repositories.endpoints.update(organization, endpoint, { status: 'enabled' }, actor);
  await eventually(
    () => receiver.received.slice(before).some(({ event }) => event.type === 'audition.cancelled'),
    30_000,
  );

  const accepted = receiver.received.filter((_, index) => index !== before - 1);
  const sequences = accepted.map(({ event }) => Number(event.data['sequence']));
  expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  for (const received of receiver.received) received.verify(secret);
  const ids = new Set(receiver.received.map((received) => received.id));
  expect(ids.size).toBe(accepted.length);
});
