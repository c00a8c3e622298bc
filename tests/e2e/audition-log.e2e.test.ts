/** Tests that the log tells the whole story of an audition under the correlation id of its request. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { auditionSchema } from '../../api/schemas/audition.ts';
import { auditionEventSchema } from '../../domain/audition/events.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { keys, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService({ logLevel: 'info' });
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const lineSchema = z.looseObject({ msg: z.string(), correlationId: z.string().optional() });
type Line = z.infer<typeof lineSchema>;

/** Returns the lines with this correlation id, of API and worker, as the log shows them. */
const linesOf = (id: string) =>
  service
    .printed()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => lineSchema.parse(JSON.parse(line)))
    .filter(({ correlationId }) => correlationId === id);

const post = (path: string, body: object, correlationId: string) =>
  fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${keys.backend}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
      'x-correlation-id': correlationId,
    },
    body: JSON.stringify(body),
  });

const request = async (correlationId: string, n: number) => {
  const answer = await post('/v1/auditions', requestBody(n, (9 + n) * day), correlationId);
  return auditionSchema.parse(await answer.json());
};

const eventPage = z.object({ items: z.array(auditionEventSchema) });

/** The last line: equal calls share one, which is written a moment after the first. */
const isCall = ({ msg, ...about }: Line) =>
  msg === 'provider calls completed' && about['provider'] === 'smtp';

it('the log of a scheduled audition has about ten lines under the id of its request', async () => {
  const correlationId = `story-${crypto.randomUUID()}`;
  const { id } = await request(correlationId, 1);
  await platform.untilNotified(id);
  await expect.poll(() => linesOf(correlationId).some(isCall)).toBe(true);
  await expect
    .poll(() => linesOf(correlationId).filter(({ msg }) => msg === 'webhook delivered'))
    .toHaveLength(1);
  const lines = linesOf(correlationId);
  expect(lines.filter(({ auditionId }) => auditionId !== id)).toEqual([]);
  const about = (msg: string) => lines.filter((line) => line.msg === msg);
  expect(about('request completed')).toMatchObject([
    {
      process: 'api',
      method: 'POST',
      route: '/v1/auditions',
      status: 201,
      caller: expect.stringMatching(/^key_/),
    },
  ]);
  expect(about('audition workflow started')).toMatchObject([{ workflowId: `audition/${id}` }]);
  const calls = about('provider calls completed');
  for (const [provider, operation] of [
    ['google', 'calendar.freeBusy'],
    ['zoom', 'meetings.create'],
    ['google', 'calendar.putEvent'],
    ['twilio', 'textMessages.send'],
    ['smtp', 'email.send'],
  ]) {
    const outcome = { provider, operation, outcome: 'ok', durationMs: expect.any(Number) };
    expect(calls).toContainEqual(expect.objectContaining(outcome));
  }
  const facts = about('facts appended').flatMap((line) => line['facts']);
  const { items } = eventPage.parse((await platform.get(`/v1/auditions/${id}/events`)).body);
  expect(facts).toEqual(items.map(({ fact }) => fact.type));
  expect(about('webhook delivered')).toMatchObject([{ provider: 'twilio', kind: 'message.status' }]);
  expect(lines.length).toBeLessThanOrEqual(15);
});

it('the correlation id of a request finds the workflow in Temporal', async () => {
  const correlationId = `story-${crypto.randomUUID()}`;
  const { id } = await request(correlationId, 2);
  await expect
    .poll(async () => {
      const query = `CastMatchCorrelation = "${correlationId}"`;
      const found: string[] = [];
      for await (const { workflowId } of service.temporal.workflow.list({ query })) found.push(workflowId);
      return found;
    })
    .toEqual([`audition/${id}`]);
});

it('the lines of a later command name its own id beside the id of the audition', async () => {
  const [first, second] = [`story-${crypto.randomUUID()}`, `story-${crypto.randomUUID()}`];
  const { id } = await request(first, 3);
  await platform.untilNotified(id);
  const cancelled = await post(`/v1/auditions/${id}/cancel`, {}, second);
  expect(cancelled.status).toBe(200);
  await service.temporal.workflow.getHandle(`audition/${id}`).result();
  await expect
    .poll(() => linesOf(first))
    .toContainEqual(expect.objectContaining({ causedBy: second, facts: ['cancelled'] }));
  expect(linesOf(second)).toMatchObject([{ route: '/v1/auditions/:id/cancel', auditionId: id }]);
});
