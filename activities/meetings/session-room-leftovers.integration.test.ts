/**
 * Makes each meeting provider fail in each way, at each call of the steps of a room that auditions share. Afterwards looks at what
 * is left at every provider: never two rooms of a session, and none after its last audition.
 */
import { describe, expect, it } from 'vitest';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { auditionOf, createBlock, shared, slotAt } from '../../tests/harness/casting-day.ts';
import {
  hostTeamsMeetings,
  meetingCalls,
  meetingFaults,
  meetingKinds,
  meetingsLeft,
  nextProvider,
  repeatUntilDone,
  vendorOf,
} from '../../tests/harness/meeting-leftovers.ts';

const benchFor = useActivityHarness();

/** The other faults are those of a meeting that belongs to one audition (`leftovers.integration.test.ts`). */
const faults = meetingFaults.filter(([name]) =>
  /is down|for an hour|loses the answer|finds nothing/.test(name),
);

const setup = async (more: MeetingSettings) => {
  const bench = await benchFor();
  await hostTeamsMeetings(bench);
  const block = await createBlock(bench);
  return {
    ...bench,
    ada: auditionOf(bench),
    ben: auditionOf(bench),
    ten: slotAt(block, '10:00'),
    evening: slotAt(block, '18:00'),
    settings: { ...shared, waitingRoom: true, ...more },
    left: () => meetingsLeft(bench),
    repeat: <Result>(step: () => Promise<Result>) => repeatUntilDone(bench, step),
  };
};

describe.each(meetingKinds)('the room of a session on %s', (kind, provider, more) => {
  describe.each(faults)('that %s', (_, fault) => {
    it.each(meetingCalls[kind])(
      'once at %s is one room, and none after its last audition',
      async (operation) => {
        const { ada, ben, ten, evening, settings, left, repeat, ...bench } = await setup(more);
        const failOnce = () => bench.fault(vendorOf[provider], { ...fault, operation, times: 1 });
        failOnce();
        const room = await repeat(() => ada.createAs(1, ten, provider, settings));
        expect(left()).toEqual([room.joinUrl]);
        failOnce();
        // The room lasts longer for this audition.
        const longer = await repeat(() => ben.createAs(1, evening, provider, settings));
        expect(left()).toEqual([longer.joinUrl]);
        failOnce();
        await repeat(() => ada.leave(ten, [ada.keyOfMeeting(provider, 1)], provider));
        expect(left()).toEqual([longer.joinUrl]);
        await repeat(() => ben.leave(evening, [ben.keyOfMeeting(provider, 1)], provider));
        expect(left()).toEqual([]);
      },
    );

    it.each(meetingCalls[kind])(
      'at %s leaves nothing after the next provider was used',
      async (operation) => {
        const { ada, ben, ten, evening, settings, left, repeat, ...bench } = await setup(more);
        const next = nextProvider[provider];
        bench.fault(vendorOf[provider], { ...fault, operation });
        await ada.createAs(1, ten, provider, settings).catch(() => undefined);
        await ben.createAs(1, evening, provider, settings).catch(() => undefined);
        // The room is given up, also when it was created: the check before the session fails. Ada joins the room that Ben has got
        // after her failure. He leaves it for another one, and she follows.
        const first = await repeat(() => ada.createAs(2, ten, next, settings));
        const room = await repeat(() => ben.createAs(2, evening, next, settings));
        const hasFollowed = first.id !== room.id;
        const present = hasFollowed ? await repeat(() => ada.createAs(3, ten, next, settings)) : first;
        expect(present).toMatchObject({ id: room.id });
        const earlierKeys = [
          ada.keyOfMeeting(provider, 1),
          ...(hasFollowed ? [ada.keyOfMeeting(next, 2)] : []),
        ];
        const leaveFailed = async () => {
          await ada.leave(ten, earlierKeys, provider);
          await ben.leave(evening, [ben.keyOfMeeting(provider, 1)], provider);
        };
        await leaveFailed().catch(() => undefined);
        bench.fault(vendorOf[provider], { kind: 'none' });
        await bench.timePasses();
        await repeat(leaveFailed);
        expect(left()).toEqual([room.joinUrl]);
        await expect(ada.createAs(1, ten, provider, settings)).rejects.toMatchObject({ type: 'Compensated' });
        const keysOfAda = [ada.keyOfMeeting(next, 2), ada.keyOfMeeting(next, 3)];
        await repeat(() => ada.leave(ten, keysOfAda, next));
        await repeat(() => ben.leave(evening, [ben.keyOfMeeting(next, 2)], next));
        expect(left()).toEqual([]);
      },
    );
  });
});
