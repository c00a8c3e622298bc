/**
 * Makes each meeting provider fail in each way, at each call of each step. Afterwards looks at what is left at every provider:
 * never two meetings of an audition, and none after its end.
 */
import { describe, expect, it } from 'vitest';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import {
  faultCells,
  hostTeamsMeetings,
  meetingCalls,
  meetingKinds,
  meetingsLeft,
  nextProvider,
  repeatUntilDone,
  vendorOf,
} from '../../tests/harness/meeting-leftovers.ts';

const benchFor = useActivityHarness();

const setup = async (more: MeetingSettings = {}) => {
  const bench = await benchFor();
  await hostTeamsMeetings(bench);
  const input = { ...bench.about, topic: 'Nightfall', settings: { waitingRoom: true, ...more } } as const;
  const keyOf = (provider: MeetingProviderName) => bench.key(`meeting:${provider}:1`);
  const create = (provider: MeetingProviderName) =>
    bench.activities.createMeeting({
      ...input,
      key: keyOf(provider),
      provider,
      slot,
      revision: 1,
      hasFallback: true,
    });
  const moveKey = bench.key('meeting-move:r2');
  const move = (meeting: Meeting, provider: MeetingProviderName) =>
    bench.activities.moveMeeting({
      ...input,
      key: moveKey,
      provider,
      slot: laterSlot,
      revision: 2,
      meeting,
    });
  const remove = (provider: MeetingProviderName) =>
    bench.activities.removeMeeting({ ...bench.about, keys: [moveKey, keyOf(provider)], provider, slot });
  const left = () => meetingsLeft(bench);
  const repeat = <Result>(step: () => Promise<Result>) => repeatUntilDone(bench, step);
  return { ...bench, create, move, remove, left, repeat };
};

describe.each(meetingKinds)('%s', (kind, provider, settings) => {
  it.each(faultCells(meetingCalls[kind], 'once'))(
    'that %s once at %s has one meeting, and none after the end',
    async (_, operation, fault) => {
      const bench = await setup(settings);
      const failOnce = () => bench.fault(vendorOf[provider], { ...fault, operation, times: 1 });
      failOnce();
      const meeting = await bench.repeat(() => bench.create(provider));
      expect(bench.left()).toEqual([meeting.joinUrl]);
      failOnce();
      const moved = await bench.repeat(() => bench.move(meeting, provider));
      expect(bench.left()).toEqual([moved.joinUrl]);
      failOnce();
      await bench.repeat(() => bench.remove(provider));
      expect(bench.left()).toEqual([]);
    },
  );

  it.each(faultCells(meetingCalls[kind], 'lasting'))(
    'that %s at %s leaves nothing after the next provider was used',
    async (_, operation, fault) => {
      const bench = await setup(settings);
      bench.fault(vendorOf[provider], { ...fault, operation });
      await bench.create(provider).catch(() => undefined);
      // The meeting is given up, also when it was created: the check before the session fails.
      const other = await bench.create(nextProvider[provider]);
      await bench.remove(provider).catch(() => undefined);
      bench.fault(vendorOf[provider], { kind: 'none' });
      await bench.timePasses();
      await bench.repeat(() => bench.remove(provider));
      expect(bench.left()).toEqual([other.joinUrl]);
      // A late attempt of the first provider creates nothing.
      await expect(bench.create(provider)).rejects.toMatchObject({ type: 'Compensated' });
      await bench.repeat(() => bench.remove(nextProvider[provider]));
      expect(bench.left()).toEqual([]);
    },
  );
});
