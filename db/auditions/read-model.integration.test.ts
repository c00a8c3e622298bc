import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { foldEvents } from '../../domain/audition/view.ts';
import { type AuditionId, type OrganizationId, projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  requested,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { Page } from '../cursor.ts';
import { encodeCursor } from '../cursor.ts';
import type { AuditionFilter } from './audition-list.ts';
import type { AuditionReadModel } from './read-model.ts';

let database: TestDatabase;
let auditions: AuditionReadModel;
/** New for each test, so that lists contain only its own rows. */
let organization: OrganizationId;
let elsewhere: OrganizationId;

beforeAll(async () => {
  database = await createTestDatabase();
  auditions = database.repositories.auditions;
});

afterAll(() => database.drop());

beforeEach(() => {
  const name = randomBytes(6).toString('hex');
  organization = `org_${name}`;
  elsewhere = `org_${name}_elsewhere`;
});

const firstPage = { limit: 100 };

/** Stores an audition that was requested at the given second. This determines its place in lists. */
const given = async (facts: readonly AuditionFact[], second = 0): Promise<AuditionId> => {
  const events = trail(facts, { startMs: Date.UTC(2026, 10, 24, 0, 0, second) });
  const { id } = foldEvents(events);
  await storeEvents(database.repositories.events, id, events);
  return id;
};

const listed = async (filter: AuditionFilter, of = organization) =>
  (await auditions.list(of, filter, firstPage)).items.map(({ id }) => id);

/** Reads all pages. */
const allPages = async <Item>(turn: (cursor: string | undefined) => Promise<Page<Item>>) => {
  const pages: (readonly Item[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await turn(cursor);
    pages.push(page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
};

describe('audition in the read model', () => {
  test('is returned as it was folded', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id, organization));
    await storeEvents(database.repositories.events, id, life);

    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
  });

  test('is not visible to another organization, nor before its request', async () => {
    const id = await given(factsUntilScheduled(newAuditionId(), organization));

    expect(await auditions.get(elsewhere, id)).toBeUndefined();
    expect(await auditions.get(organization, newAuditionId())).toBeUndefined();
  });
});

describe('list of auditions', () => {
  test('shows the newest first, of this organization only', async () => {
    const old = await given([requested(newAuditionId(), organization)], 1);
    const recent = await given([requested(newAuditionId(), organization)], 2);
    const foreign = await given([requested(newAuditionId(), elsewhere)], 3);

    expect(await listed({})).toEqual([recent, old]);
    expect(await listed({}, elsewhere)).toEqual([foreign]);
  });

  test('filters by state, project, role and attention', async () => {
    const id = newAuditionId();
    const stuck = await given([
      ...factsUntilScheduled(id, organization),
      { type: 'attention_raised', item: attentionItem(`att_${id}`) },
    ]);
    const fresh = await given(
      [requested(newAuditionId(), organization, { project: 'project-2', role: 'role-2' })],
      1,
    );

    expect(await listed({ states: ['scheduled'] })).toEqual([stuck]);
    expect(await listed({ states: ['closed'] })).toEqual([]);
    expect(await listed({ project: projectIdSchema.parse('project-2') })).toEqual([fresh]);
    expect(await listed({ role: roleIdSchema.parse('role-1') })).toEqual([stuck]);
    expect(await listed({ needsAttention: true })).toEqual([stuck]);
    expect(await listed({ needsAttention: false })).toEqual([fresh]);
    expect(await listed({ states: ['scheduled'], needsAttention: false })).toEqual([]);
  });

  test('filters by the start of the slot, excluding the end of the window', async () => {
    const march = await given(factsUntilScheduled(newAuditionId(), organization, '2027-03-01'));
    const april = await given(factsUntilScheduled(newAuditionId(), organization, '2027-04-01'));
    await given([requested(newAuditionId(), organization)]);

    expect(await listed({ scheduledFrom: '2027-03-02T00:00:00.000Z' })).toEqual([april]);
    expect(await listed({ scheduledUntil: '2027-03-02T00:00:00.000Z' })).toEqual([march]);
    expect(
      await listed({
        scheduledFrom: '2027-03-01T10:00:00.000Z',
        scheduledUntil: '2027-04-01T10:00:00.000Z',
      }),
    ).toEqual([march]);
  });

  test('returns each audition on one page, also for equal request times', async () => {
    const ids: AuditionId[] = [];
    for (let index = 0; index < 7; index += 1) {
      ids.push(await given([requested(newAuditionId(), organization)], Math.floor(index / 3)));
    }

    const pages = await allPages((cursor) => auditions.list(organization, {}, { cursor, limit: 2 }));

    expect(pages.map(({ length }) => length)).toEqual([2, 2, 2, 1]);
    expect(pages.flat().map(({ id }) => id)).toEqual(await listed({}));
    expect(new Set(pages.flat().map(({ id }) => id))).toEqual(new Set(ids));
  });

  test('has no further page when the last one is exactly full', async () => {
    await given([requested(newAuditionId(), organization)]);
    await given([requested(newAuditionId(), organization)]);

    const page = await auditions.list(organization, {}, { limit: 2 });

    expect(page.items).toHaveLength(2);
    expect(page).not.toHaveProperty('nextCursor');
  });

  test('does not shift when an audition is requested between two pages', async () => {
    for (let second = 0; second < 4; second += 1)
      await given([requested(newAuditionId(), organization)], second);
    const before = await listed({});
    const first = await auditions.list(organization, {}, { limit: 2 });

    await given([requested(newAuditionId(), organization)], 30);

    const second = await auditions.list(organization, {}, { cursor: first.nextCursor, limit: 2 });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(before);
  });

  test.each([
    'nonsense',
    '',
    Buffer.from('{"at":"yesterday","id":"aud_1"}').toString('base64url'),
    Buffer.from('{"at":"2026-99-99T00:00:00.000Z","id":"aud_1"}').toString('base64url'),
    encodeCursor({ at: '2026-11-24T00:00:00.000Z', id: 'a\0b' }),
  ])('refuses the cursor %j', async (cursor) => {
    const refusal = { name: 'Refusal', code: 'invalid_query', pointers: ['/cursor'] };

    await expect(auditions.list(organization, {}, { cursor, limit: 2 })).rejects.toMatchObject(refusal);
    await expect(auditions.listAttentionItems(organization, { cursor, limit: 2 })).rejects.toMatchObject(
      refusal,
    );
  });
});

describe('list of attention items', () => {
  test('shows the oldest items first, in pages, of this organization only', async () => {
    const items = [3, 1, 2].map((second) =>
      attentionItem(`att_${second}`, {
        raisedAt: `2027-01-01T00:00:0${second}.000Z`,
        connection: 'conn_performer',
      }),
    );
    const id = await given([
      ...factsUntilScheduled(newAuditionId(), organization),
      ...items.map((item) => ({ type: 'attention_raised', item }) as const),
    ]);
    const foreign = attentionItem('att_foreign');
    await given([requested(newAuditionId(), elsewhere), { type: 'attention_raised', item: foreign }]);

    const pages = await allPages((cursor) =>
      auditions.listAttentionItems(organization, { cursor, limit: 2 }),
    );

    expect(pages.flat().map((item) => item.id)).toEqual(['att_1', 'att_2', 'att_3']);
    expect(pages.flat()[0]).toEqual({
      ...items[1],
      auditionId: id,
      project: 'project-1',
      role: 'role-1',
    });
    expect(pages.map(({ length }) => length)).toEqual([2, 1]);
  });

  test('finds the audition of an item for its own organization only', async () => {
    const item = attentionItem('att_wanted');
    const id = await given([requested(newAuditionId(), organization), { type: 'attention_raised', item }]);

    expect(await auditions.findAttentionItem(organization, 'att_wanted')).toEqual({ auditionId: id });
    expect(await auditions.findAttentionItem(elsewhere, 'att_wanted')).toBeUndefined();
    expect(await auditions.findAttentionItem(organization, 'att_unknown')).toBeUndefined();
  });

  test('shows an overdue item as overdue, and does not show a resolved item', async () => {
    const item = attentionItem('att_passing');
    const life = trail([
      requested(newAuditionId(), organization),
      { type: 'attention_raised', item },
      { type: 'attention_overdue', id: item.id, dueAt: '2027-03-02T00:00:00.000Z' },
      { type: 'attention_resolved', id: item.id, action: 'retry', by: 'operator-1' },
    ]);
    const { id } = foldEvents(life);
    const append = (until: number) => storeEvents(database.repositories.events, id, life.slice(0, until));

    await append(3);
    expect((await auditions.listAttentionItems(organization, firstPage)).items).toMatchObject([
      { id: item.id, overdue: true, dueAt: '2027-03-02T00:00:00.000Z' },
    ]);
    expect(await listed({ needsAttention: true })).toEqual([id]);

    await append(4);
    expect((await auditions.listAttentionItems(organization, firstPage)).items).toEqual([]);
    expect(await listed({ needsAttention: true })).toEqual([]);
  });
});
