/** Tests that the attempts of the event delivery are counted. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { addAudition, addEndpoint, newOrganizationId } from '../../tests/harness/endpoints.ts';
import { startReceiver } from '../../tests/harness/receiver.ts';
import { createMetrics } from '../metrics.ts';
import { openOutbox } from './outbox.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async () => {
  const { repositories } = database;
  const receiver = await startReceiver();
  const organization = newOrganizationId();
  const endpoint = await addEndpoint(repositories, organization, { url: receiver.url });
  const auditionId = await addAudition(repositories, organization);
  const metrics = createMetrics();
  const outbox = openOutbox(
    { allowedPrivateNetworks: ['127.0.0.0/8'], databaseUrl: database.url, taskQueueSuffix: '' },
    repositories,
    metrics,
  );
  onTestFinished(() => outbox.close());
  const input = { organization, endpoint, auditionId, correlationId: 'correlation-1' };
  return {
    receiver,
    deliver: () =>
      new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(() =>
        outbox.activities.deliverEvents(input),
      ),
    render: () => metrics.render(),
  };
};

it('counts accepted and failed events, and the age of the accepted ones', async () => {
  const { receiver, deliver, render } = await setup();
  receiver.answer(500);
  await expect(deliver()).rejects.toMatchObject({ type: 'endpoint_failed' });
  receiver.answer(200);
  await deliver();
  const text = await render();
  expect(text).toContain('castmatch_endpoint_deliveries_total{outcome="failed"} 1');
  expect(text).toContain('castmatch_endpoint_deliveries_total{outcome="accepted"} 5');
  expect(text).toContain('castmatch_endpoint_delivery_lag_seconds_count 5');
});

it('counts an event that the endpoint refuses for good', async () => {
  const { receiver, deliver, render } = await setup();
  receiver.answer(410);
  await deliver().catch(() => undefined);
  expect(await render()).toContain('castmatch_endpoint_deliveries_total{outcome="gone"} 1');
});
