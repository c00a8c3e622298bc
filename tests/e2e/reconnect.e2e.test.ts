/**
 * Tests the reconnection of an account in the whole service. Auditions that need the account wait, its owner is
 * notified and connects it again, and the auditions resume.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { submitConsent } from '../harness/consent.ts';
import { eventually } from '../harness/eventually.ts';
import { createHttpBrowser } from '../harness/form-browser.ts';
import { readMails } from '../harness/mail-server.ts';
import { organization, type ServiceUnderTest, sandboxAccounts, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const statusOf = async (): Promise<string | undefined> =>
  (await service.database.repositories.connections.get(organization, 'conn_performer'))?.status;

/** Connects the account again in a browser, with the link that the platform gives to its owner. */
const reconnectAccount = async (): Promise<void> => {
  const { body } = await platform.get('/v1/connections/google/authorize?connection=conn_performer');
  const visitor = createHttpBrowser(service.url);
  const page = await visitor.open(String(Object(body).url));
  const redirected = await visitor.submit(page, { to: '/connect' });
  const { location } = await submitConsent(redirected.redirectsTo ?? '', {
    account: sandboxAccounts.conn_performer,
  });
  const back = await visitor.open(location ?? '');
  expect(back.status).toBeLessThan(400);
};

it('auditions wait for a disconnected account, and resume when its owner connects it again', async () => {
  const before = await platform.request(requestBody(4, 20 * day));
  await platform.until(before.id, ({ state }) => state === 'scheduled');
  expect(service.sandbox.control.revokeGrants('google', sandboxAccounts.conn_performer)).toBe(1);
  const requested = await Promise.all([1, 2, 3].map((n) => platform.request(requestBody(n, (10 + n) * day))));
  const waiting = await Promise.all(
    requested.map(({ id }) => platform.until(id, ({ attention }) => attention.length > 0)),
  );
  for (const { attention } of waiting) {
    expect(attention).toMatchObject([{ code: 'reconnect', connection: 'conn_performer' }]);
  }
  expect(await statusOf()).toBe('needs_reauthorization');
  await eventually(async () => {
    const mails = await readMails(service.mailServer.apiUrl);
    return mails.filter(({ to }) => to[0]?.address === sandboxAccounts.conn_performer).length === 1;
  }, 40_000);

  await reconnectAccount();
  expect(await statusOf()).toBe('connected');
  for (const { id } of requested) {
    const done = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(done.attention).toEqual([]);
  }
});
