/** Tests that the table of shared rooms confirms no guess of a setting, and that digests of an earlier version are keyed. */
import { drizzle } from 'drizzle-orm/node-postgres';
import { expect, it } from 'vitest';
import { createSettingDigests } from '../../db/meetings/setting-digests.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { auditionOf, createBlock, shared, slotAt } from '../../tests/harness/casting-day.ts';
import { dumpPostgres } from '../../tests/harness/database-dump.ts';
import { leaksIn } from '../../tests/harness/leaks.ts';
import { requestHash } from '../effects/deterministic-ids.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const ten = slotAt(await createBlock(bench), '10:00');
  const settings: MeetingSettings = {
    ...shared,
    waitingRoom: true,
    alternativeHosts: [`${crypto.randomUUID()}@example.com`],
  };
  // What an earlier version has stored.
  const withoutKey = {
    waitingRoom: requestHash(true).slice(0, 16),
    alternativeHosts: requestHash(settings.alternativeHosts).slice(0, 16),
  };
  const guesses = Object.entries(withoutKey).map(([name, text]) => ({ what: `the digest of ${name}`, text }));
  return {
    ...bench,
    ten,
    settings,
    ada: auditionOf(bench),
    ben: auditionOf(bench),
    cleo: auditionOf(bench),
    storeWithoutKey: () => bench.pool.query('UPDATE session_rooms SET settings = $1', [withoutKey]),
    leaks: async () => leaksIn(await dumpPostgres(bench.pool), guesses),
  };
};

it('a shared room confirms no guess of the settings of its meeting', async () => {
  const { ada, ben, cleo, ten, settings, leaks } = await setup();
  const room = await ada.create(ten, 'zoom', settings);
  expect(await leaks()).toEqual([]);
  expect(await ben.create(ten, 'zoom', settings)).toEqual(room);
  const other = { ...settings, alternativeHosts: ['ben@example.com'] };
  expect((await cleo.create(ten, 'zoom', other)).notHonored).toContain('alternativeHosts');
});

it('a room whose settings an earlier version has stored is joined as before, and keyed by the next process', async () => {
  const { ada, ben, cleo, ten, settings, leaks, pool, repositories, storeWithoutKey } = await setup();
  const room = await ada.create(ten, 'zoom', settings);
  await storeWithoutKey();
  expect(await ben.create(ten, 'zoom', settings)).toEqual(room);
  expect(await leaks()).toHaveLength(2);
  await createSettingDigests(drizzle({ client: pool }), repositories.vault).keyed('org_1', {});
  expect(await leaks()).toEqual([]);
  expect(await cleo.create(ten, 'zoom', settings)).toEqual(room);
});
