import { expect, it } from 'vitest';
import { createIntegrationHealthReader } from './integration-health.ts';

const never = () => Promise.withResolvers<never>().promise;

it('the health reader times out when the provider and the database hang', async () => {
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
    summary: expect.stringMatching(/^Zoom does not respond correctly \(outage\)\. .*could not be read/),
    facts: undefined,
  });
});
