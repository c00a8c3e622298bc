/** Claims and releases slots in a test database, by auditions that have no trail. */
import { afterAll, beforeAll } from 'vitest';
import type { HoldChange, SlotClaim, SlotHolds } from '../../db/auditions/slot-holds.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const organization = 'org_north';
export const at = (time: string): Instant => `2027-03-01T${time}:00.000Z`;
export const slot = (from: string, until: string) => ({ start: at(from), end: at(until) });
export const ten = slot('10:00', '10:30');
/** The result of a claim that holds the slot at ten. */
export const held = { kind: 'held', slot: ten };

type Claim = Parameters<SlotHolds['claim']>;

/** Returns the arguments of a claim at ten. */
export const claim = (
  auditionId: AuditionId,
  resources: readonly string[],
  more: Partial<SlotClaim> = {},
): [Claim[0], Claim[1]] => [
  { auditionId, run: 'run-1', position: { facts: [], number: 0 } },
  { organization, claim: 1, slot: ten, resources, ...more },
];

let count = 0;
/** Returns names that no other test uses, because all tests of a file share one database. */
export const cast = () => {
  count += 1;
  const auditions: readonly [AuditionId, AuditionId] = [`aud_${count}_a`, `aud_${count}_b`];
  return { auditions, room: `room-${count}`, performer: `performer-${count}` };
};

/** Call it at the top of a test file. The functions can be used inside tests. */
export const useSlotHolds = () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const change = (auditionId: AuditionId, holds: HoldChange, number = 1) =>
    database.repositories.events.append({ auditionId, run: 'run-1', position: { facts: [], number } }, holds);

  return {
    database: () => database,
    holds: () => database.repositories.holds,
    events: () => database.repositories.events,
    /** Changes the holds of the audition. `number` is the position in its trail. */
    change,
    release: (auditionId: AuditionId, through: number, keep?: number) =>
      change(auditionId, { releaseHolds: { through, keep } }),
    busyTimesOf: (resources: readonly string[]) =>
      database.repositories.holds.listBusy(
        { organization, resources },
        {
          from: at('00:00'),
          until: at('23:00'),
        },
      ),
  };
};
