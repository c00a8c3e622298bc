/** Tests that the casting office is notified of calendar feeds that have been failing for a day. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpointIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { EndpointNoticeInput } from '../../workflows/event-delivery/messages.ts';
import { createFeedReportRound } from './feed-reports.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const notStopping = new AbortController().signal;

const setup = async () => {
  const { repositories, pool } = database;
  await pool.query("UPDATE connections SET status = 'connected'");
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const endpoint = endpointIdSchema.parse(`endp_${randomUUID()}`);
  await repositories.endpoints.create(
    { id: endpoint, organization, url: 'https://p.example.com/', eventTypes: [], secret: 'whsec_MfKQ9r8G' },
    { by: 'test', role: 'admin', correlationId: 'c' },
  );
  const enterAddress = async () => {
    const connected = await repositories.connections.connect({
      organization,
      owner: 'ann',
      provider: 'ics',
      grant: {
        account: { id: 'feed-of-ann', name: 'Work (calendar.example.com)' },
        scopes: [],
        credential: { kind: 'feed_address', address: 'https://calendar.example.com/secret.ics' },
      },
    });
    if (connected.kind !== 'connected') throw new Error('the feed was not connected');
    return connected.id;
  };
  const id = await enterAddress();
  const fail = async (hours: number) => {
    const { version = 0 } = (await repositories.connections.get(organization, id)) ?? {};
    await repositories.connections.markNeedsReauthorization(id, 'grant_refused', version);
    await pool.query(`UPDATE connections SET updated_at = now() - interval '${hours} hours' WHERE id = $1`, [
      id,
    ]);
  };
  const sent: EndpointNoticeInput[] = [];
  const temporal = { isDown: false };
  const round = createFeedReportRound({
    repositories,
    deliver: async (input) => {
      if (temporal.isDown) throw new Error('14 UNAVAILABLE');
      sent.push(input);
    },
    logger: { warn: () => undefined },
  });
  return { organization, endpoint, id, enterAddress, fail, sent, temporal, round };
};

describe('a calendar feed', () => {
  it('that has been failing for a day is reported once to the endpoints of the organization', async () => {
    const { organization, endpoint, id, fail, sent, round } = await setup();
    await fail(23);
    await round(notStopping);
    expect(sent).toEqual([]);
    await fail(25);
    await round(notStopping);
    await round(notStopping);
    expect(sent).toMatchObject([
      {
        organization,
        endpoint,
        message: {
          event: { type: 'connection.failing', data: { connection: id, provider: 'ics', owner: 'ann' } },
        },
      },
    ]);
  });

  it('is reported again after its owner has entered an address that fails as well', async () => {
    const { enterAddress, fail, sent, round } = await setup();
    await fail(25);
    await round(notStopping);
    await enterAddress();
    await round(notStopping);
    expect(sent).toHaveLength(1);
    await fail(25);
    await round(notStopping);
    expect(new Set(sent.map(({ message }) => message.id)).size).toBe(2);
  });

  it('is reported in a later round when Temporal does not answer', async () => {
    const { fail, sent, round, temporal } = await setup();
    await fail(25);
    temporal.isDown = true;
    await expect(round(notStopping)).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await round(notStopping);
    expect(sent).toHaveLength(1);
  });
});
