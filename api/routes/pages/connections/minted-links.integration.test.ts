/** Tests that a link to the connections page has no more rights than the key that requested it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = () => setUpConnectionFlow(database);

describe('a link that an operator has minted', () => {
  it('does neither disconnect accounts nor choose their calendars, which operators may not', async () => {
    const { call, keyFor, organization, connect, only, person } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    const { body } = await call('GET', '/v1/connections/page?owner=ann', {
      key: await keyFor('operator', organization),
    });
    const link = String(Object(body).url);
    const page = await person.open(link);
    expect(page.text).toContain('ann@example.com');
    expect(page.text).not.toMatch(/\/disconnect|\/calendars/);
    const forged = { ...page, text: page.text.replaceAll('/connect"', '/disconnect"') };
    await person.submit(forged, { to: '/disconnect' }, { connection: id });
    expect((await only()).status).toBe('connected');
    expect((await person.open(`${link}/calendars/${id}`)).status).toBe(404);
  });

  it('is named, with its minter and role, in the acts of the person who uses it', async () => {
    const { call, keyFor, organization, begin, authorizers, person, callback, state, repositories } =
      await setup();
    const { body } = await call('GET', '/v1/connections/google/authorize?owner=ann', {
      key: await keyFor('operator', organization),
    });
    await begin(String(Object(body).url));
    await person.open(
      callback({ state: state(), code: authorizers.consent({ account: 'ann@example.com' }) }),
    );
    const { items } = await repositories.administrativeActs.list(organization, { limit: 1 });
    expect(items).toMatchObject([
      {
        act: 'connection.connected',
        by: 'owner:ann',
        detail: {
          provider: 'google',
          link: { role: 'operator', id: expect.stringMatching(/^key_[0-9a-f]{16}$/) },
        },
      },
    ]);
  });
});
