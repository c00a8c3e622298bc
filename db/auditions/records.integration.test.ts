import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionId } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  requested,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { operation, outcome } from '../../tests/harness/ledger.ts';
import type { AuditionRecords } from './records.ts';

let database: TestDatabase;
let records: AuditionRecords;
beforeAll(async () => {
  database = await createTestDatabase();
  records = database.repositories.auditionRecords;
});
afterAll(() => database.drop());

const all = { limit: 1_000 };
const cancelled: AuditionFact = { type: 'cancelled', origin: 'api' };

const store = async (more: readonly AuditionFact[], startMs?: number): Promise<AuditionId> => {
  const id = newAuditionId();
  const times = startMs === undefined ? {} : { startMs };
  await storeEvents(database.repositories.events, id, trail([...factsUntilScheduled(id), ...more], times));
  return id;
};
const given = (...more: readonly AuditionFact[]): Promise<AuditionId> => store(more);
/** Returns an audition that was booked after its slot had begun. */
const bookedAfterSession = (): Promise<AuditionId> =>
  store([{ type: 'decided', decision: 'booked' }], Date.UTC(2027, 3, 1));

const slotTimes = '[2027-03-01T10:00:00Z,2027-03-01T10:30:00Z)';
const otherTimes = '[2027-03-02T10:00:00Z,2027-03-02T10:30:00Z)';
const holdSlot = (id: AuditionId, during = slotTimes, claim = 1) =>
  database.pool.query(
    `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, $3, $1, 'org_north', $2)`,
    [id, during, claim],
  );

const meetingOf = (id: AuditionId) => `audition/${id}:meeting`;
const createMeeting = async (id: AuditionId): Promise<void> => {
  const { ledger } = database.repositories;
  const begun = await ledger.begin({ ...operation(meetingOf(id)), auditionId: id });
  if (begun.kind !== 'first') throw new Error(begun.kind);
  await ledger.complete(meetingOf(id), outcome);
};

/** Takes the last event out of the read model, as a restored backup of the table would. */
const makeStale = async (id: AuditionId): Promise<void> => {
  await database.pool.query('UPDATE auditions SET sequence = sequence - 1 WHERE id = $1', [id]);
};

const staleIn = (page: Awaited<ReturnType<AuditionRecords['listAll']>>) =>
  page.filter(({ isStale }) => isStale).map(({ auditionId }) => auditionId);

describe('records of auditions', () => {
  it('list the open auditions in pages', async () => {
    const ids = [await given(), await given(), await given()].toSorted();
    const closed = await given(cancelled);
    const first = await records.listOpen({ limit: 2 });
    const second = await records.listOpen({ after: first.at(-1)?.auditionId, limit: 2 });
    const listed = [...first, ...second].map(({ auditionId }) => auditionId);
    expect(listed).toEqual(ids);
    expect(listed).not.toContain(closed);
    expect(first[0]).toMatchObject({ organization: 'org_north', isStale: false });
  });

  it('list a view that lacks events, and rebuild it once', async () => {
    const id = await given();
    await makeStale(id);
    expect(staleIn(await records.listOpen(all))).toEqual([id]);
    expect(staleIn(await records.listAll(all))).toEqual([id]);
    const rebuilt = await Promise.all([records.rebuildStaleView(id), records.rebuildStaleView(id)]);
    expect(rebuilt.filter(Boolean)).toHaveLength(1);
    expect(staleIn(await records.listAll(all))).toEqual([]);
  });

  it('list a view that an earlier version has folded, of an open audition, and rebuild it once', async () => {
    const [id, closed] = [await given(), await given(cancelled)];
    await database.pool.query("UPDATE auditions SET view = view - 'foldVersion' WHERE id = ANY ($1)", [
      [id, closed],
    ]);
    expect(staleIn(await records.listOpen(all))).toEqual([id]);
    // Nothing of a closed audition is done by its view before the next fact, which folds it again.
    expect(staleIn(await records.listAll(all))).toEqual([]);
    const rebuilt = await Promise.all([records.rebuildStaleView(id), records.rebuildStaleView(id)]);
    expect(rebuilt.filter(Boolean)).toHaveLength(1);
    expect(staleIn(await records.listOpen(all))).toEqual([]);
  });

  it('list a trail without a view as stale', async () => {
    const id = await given();
    await database.pool.query('DELETE FROM auditions WHERE id = $1', [id]);
    expect(await records.listAll(all)).toContainEqual(
      expect.objectContaining({ auditionId: id, isStale: true, mayHaveEffectsLeft: false }),
    );
    expect(await records.rebuildStaleView(id)).toBe(true);
  });

  it('list the effects of closed auditions only', async () => {
    const [open, closed, booked, clean] = [
      await given(),
      await given(cancelled),
      await bookedAfterSession(),
      await given(cancelled),
    ];
    for (const id of [open, closed, booked]) await createMeeting(id);
    const listed = (await records.listAll(all)).filter(({ mayHaveEffectsLeft }) => mayHaveEffectsLeft);
    expect(listed.map(({ auditionId }) => auditionId)).toEqual([closed]);
    expect([await records.hasEffects(closed), await records.hasEffects(clean)]).toEqual([true, false]);
  });

  it('do not count an effect that was undone', async () => {
    const id = await given(cancelled);
    await createMeeting(id);
    const { ledger } = database.repositories;
    await ledger.beginUndo({
      key: meetingOf(id),
      organization: 'org_north',
      provider: 'zoom',
      operation: 'x',
    });
    expect(await records.hasEffects(id)).toBe(true);
    await ledger.completeUndo(meetingOf(id));
    expect(await records.hasEffects(id)).toBe(false);
  });
});

describe('holds', () => {
  it('of a closed audition are listed, unless its outcome keeps them', async () => {
    const [closed, booked] = [await given(cancelled), await bookedAfterSession()];
    await holdSlot(closed);
    await holdSlot(booked);
    expect((await records.listClosedWithHolds(10)).map(({ auditionId }) => auditionId)).toEqual([closed]);
    expect(await records.hasEffects(closed)).toBe(true);
  });

  it('of a closed audition whose outcome keeps its slot are listed when they are for another time', async () => {
    const [booked, interrupted] = [await bookedAfterSession(), await bookedAfterSession()];
    for (const id of [booked, interrupted]) await holdSlot(id);
    await holdSlot(interrupted, otherTimes, 2);
    const listed = (await records.listClosedWithHolds(10)).map(({ auditionId }) => auditionId);
    expect(listed).toContain(interrupted);
    expect(listed).not.toContain(booked);
    expect(await records.holdsOtherTimes(interrupted)).toBe(true);
    expect(await records.holdsOtherTimes(booked)).toBe(false);
  });

  it('of an audition that does not exist are released once', async () => {
    const [orphan, existing] = [newAuditionId(), newAuditionId()];
    await storeEvents(database.repositories.events, existing, trail([requested(existing)]));
    await holdSlot(orphan);
    await holdSlot(existing);
    expect(await records.listOrphanedHolds(10)).toMatchObject([{ auditionId: orphan }]);
    const released = await Promise.all([
      records.releaseOrphanedHolds(orphan),
      records.releaseOrphanedHolds(orphan),
      records.releaseOrphanedHolds(existing),
    ]);
    expect(released.filter((isReleased) => isReleased)).toHaveLength(1);
    expect(await records.hasEffects(existing)).toBe(true);
  });
});
