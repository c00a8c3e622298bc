import { expect, it } from 'vitest';
import { createIntegrationHealthReader } from './integration-health.ts';

const never = () => Promise.withResolvers<never>().promise;

it('waits for neither a provider nor a database that hang', async () => {
  const healthOf = createIntegrationHealthReader({
    checks: { zoom: never },
    facts: never,
    quotas: [],
    now: () => '2026-11-24T09:00:00.000Z',
    timeoutMs: 5,
  });
  expect(await healthOf('zoom')).toMatchObject({
    status: 'down',
    fault: 'outage',
    summary: expect.stringMatching(/^Zoom does not answer as it should \(outage\)\. .*could not be read/),
    facts: undefined,
  });
});
