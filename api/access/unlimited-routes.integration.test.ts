/**
 * Lists the routes that have no rate limit, each with the reason why a flood of requests to it is cheap. A new route without
 * a limit must be added here, after the same review.
 */
import { expect, it, onTestFinished } from 'vitest';
import { createTestApi } from '../../tests/harness/api.ts';
import { createTestDatabase } from '../../tests/harness/database.ts';
import { loadLimits } from './load-shedding.ts';
import { permissions } from './permissions.ts';
import { rateLimits } from './rate-limits.ts';

const signature =
  'Reads a bounded body and compares one MAC or secret. Refusals are counted per client address (forged_webhooks)';

const reasons: Readonly<Record<string, string>> = {
  'GET /healthz': 'Returns a constant',
  'GET /readyz': 'Simultaneous requests share one query to each database and one call to Temporal',
  'GET /metrics': 'Rendered once a second; all answers of that second share the bytes',
  'GET /health/integrations': 'Checks each provider at most once in five seconds; requests share the result',
  'GET /health/integrations/:provider': 'As the list',
  'POST /v1/webhooks/google': signature,
  'POST /v1/webhooks/microsoft': `${signature}. The validation request returns its own token`,
  'POST /v1/webhooks/zoom': signature,
  'POST /v1/webhooks/twilio': signature,
  'POST /v1/webhooks/mail': signature,
  'POST /v1/webhooks/mail/inbound': signature,
};

const none = { max: 1, windowMs: 600_000 };
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

it('only the reviewed routes have no rate limit', async () => {
  const database = await createTestDatabase();
  const limits = Object.fromEntries(Object.keys(rateLimits).map((kind) => [kind, none]));
  const test = await createTestApi(database, {
    // Counts refusals, not requests.
    limits: { ...rateLimits, ...limits, ...loadLimits, forged_webhooks: rateLimits.forged_webhooks },
  });
  onTestFinished(async () => {
    await test.api.close();
    await database.drop();
  });
  const key = await test.keyFor('admin');
  const unlimited: string[] = [];
  for (const route of Object.keys(permissions)) {
    const [verb, pattern = ''] = route.split(' ');
    const method = methods.find((known) => known === verb);
    if (!method) throw new Error(`the route ${route} has an unknown method`);
    // Local environments have two more routes.
    if (!test.api.hasRoute({ method, url: pattern })) continue;
    const address = pattern.replace(/:\w+|\*/g, 'x');
    await test.call(method, address, { key });
    const { status } = await test.call(method, address, { key });
    if (status !== 429) unlimited.push(route);
  }
  expect(unlimited.toSorted()).toEqual(Object.keys(reasons).toSorted());
});
