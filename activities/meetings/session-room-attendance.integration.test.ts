/** What the attendance of a room that auditions share tells about each of them. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../../domain/audition/slot.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { auditionOf, createBlock, slotAt } from '../../tests/harness/casting-day.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const block = await createBlock(bench);
  return { ...bench, block, ten: slotAt(block, '10:00'), ada: auditionOf(bench) };
};

describe.each(['google_meet', 'microsoft_teams'] as const)('the attendance of a room on %s', (provider) => {
  it('is evidence for the auditions in whose slots people were there', async () => {
    const { activities, repositories, block, ada, ten, sandbox } = await setup();
    const account = `host-${randomUUID()}@contoso.example`;
    await repositories.connections.put({
      id: 'conn_attended',
      organization: 'org_1',
      provider: 'microsoft',
      account,
      refreshToken: `sandbox-refresh-${account}`,
    });
    await repositories.meetingPreferences.set('org_1', {
      hosts: { microsoft_teams: [{ kind: 'connection', connection: 'conn_attended' }] },
    });
    const meeting = await ada.create(ten, provider);
    const vendor = provider === 'google_meet' ? 'google' : 'microsoft';
    sandbox.control.joinMeeting(vendor, meeting.joinUrl, { name: 'Ada' });
    sandbox.control.endMeeting(vendor, meeting.id);
    const now = Date.now();
    const within = { start: toInstant(now - minute), end: toInstant(now + minute), zone: ten.zone };
    const ask = async (slot: Slot) =>
      (await activities.readAttendance({ ...ada.about, provider, meeting, slot })).attendance;
    expect(await ask(within)).toMatchObject([{ name: 'Ada' }]);
    expect(await ask(slotAt(block, '18:00'))).toBeUndefined();
  });
});
