import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../../../domain/ids.ts';
import { createTestApi, joinLinkIds, type TestApi } from '../../../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

const organization = 'org_north';
let database: TestDatabase;
let test: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const setup = async () => {
  const auditionId = newAuditionId();
  await storeEvents(
    database.repositories.events,
    auditionId,
    trail(factsUntilScheduled(auditionId, organization)),
  );
  const key = await test.keyFor('backend');
  const participant = participantIdSchema.parse('performer-1');
  const [id = ''] = await database.repositories.joinLinks.issue(
    [{ organization, auditionId, participant }],
    joinLinkIds,
  );
  return {
    id,
    revoke: (link: string) => test.call('DELETE', `/v1/auditions/${auditionId}/join-links/${link}`, { key }),
  };
};

describe('revoking a join link', () => {
  it('succeeds again for a link that is revoked', async () => {
    const { id, revoke } = await setup();
    expect([(await revoke(id)).status, (await revoke(id)).status]).toEqual([204, 204]);
  });

  it('is refused for a link that the audition does not have', async () => {
    const [one, other] = [await setup(), await setup()];
    const unknown = `${one.id.slice(0, -1)}${one.id.endsWith('z') ? 'y' : 'z'}`;
    for (const link of [unknown, other.id]) {
      expect(await one.revoke(link)).toMatchObject({ status: 404, body: { code: 'join_link_not_found' } });
    }
    expect((await other.revoke(other.id)).status).toBe(204);
  });

  it.each(['-', 'a%20b', '%00', 'x'.repeat(23)])(
    'is refused for %s, which is no id of a link',
    async (none) => {
      const { revoke } = await setup();
      expect(await revoke(none)).toMatchObject({ status: 400, body: { code: 'invalid_path' } });
    },
  );
});
