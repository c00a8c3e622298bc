/** A casting session of one block, and its auditions, for tests of activities. */
import { randomUUID } from 'node:crypto';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { type SessionBlockId, sessionBlockIdSchema } from '../../domain/ids.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import { sessionBlockDefinitionSchema } from '../../domain/session-blocks/session-block.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { useActivityHarness } from './activity-harness.ts';

type Bench = Awaited<ReturnType<ReturnType<typeof useActivityHarness>>>;

export const shared: MeetingSettings = { room: 'session', admission: 'in_turn' };

const actor = { by: 'test', role: 'admin', correlationId: 'c' } as const;

const instant = (ms: number): Instant => `${new Date(ms).toISOString().slice(0, 23)}Z`;

/** Returns a slot of the session of 2 December 2031, from 10:00 to 13:00 in Paris. @param start such as `10:15` there */
export const slotAt = (block: SessionBlockId | undefined, start: string, minutes = 15): Slot => {
  const from = Date.parse(`2031-12-02T${start}:00+01:00`);
  return {
    start: instant(from),
    end: instant(from + minutes * 60_000),
    zone: 'Europe/Paris',
    ...(block && { block }),
  };
};

/** Stores the block: every Tuesday. */
export const createBlock = async ({ repositories }: Pick<Bench, 'repositories'>): Promise<SessionBlockId> => {
  const id = sessionBlockIdSchema.parse(`blk_${randomUUID()}`);
  const definition = sessionBlockDefinitionSchema.parse({
    project: 'prj',
    zone: 'Europe/Paris',
    start: '2031-12-02T10:00',
    end: '2031-12-02T13:00',
    recurrence: { rule: 'FREQ=WEEKLY' },
    slotMinutes: 15,
    gapMinutes: 0,
  });
  await repositories.sessionBlocks.create({ id, organization: 'org_1', definition }, actor);
  return id;
};

/** Returns an audition of the organization, with its meeting steps. */
export const auditionOf = (bench: Pick<Bench, 'another' | 'activities'>) => {
  const { about, key, auditionId } = bench.another();
  const { activities } = bench;
  let requested = 0;
  const keyOfMeeting = (provider: MeetingProviderName, number = requested) =>
    key(`meeting:${provider}:${number}`);
  const keyOfMove = (provider: MeetingProviderName, revision: number) =>
    key(`meeting-move:${provider}:r${revision}`);
  const createAs = (
    number: number,
    slot: Slot,
    provider: MeetingProviderName = 'zoom',
    settings: MeetingSettings = shared,
  ) =>
    activities.createMeeting({
      ...about,
      key: keyOfMeeting(provider, number),
      provider,
      slot,
      revision: 1,
      topic: 'Nightfall: Captain',
      settings,
      hasFallback: false,
    });
  return {
    about,
    auditionId,
    key,
    keyOfMeeting,
    keyOfMove,
    createAs,
    /** Asks for a meeting, under another key each time. */
    create: (slot: Slot, provider: MeetingProviderName = 'zoom', settings: MeetingSettings = shared) => {
      requested += 1;
      return createAs(requested, slot, provider, settings);
    },
    move: (meeting: Meeting, slot: Slot, revision: number, settings: MeetingSettings = shared) =>
      activities.moveMeeting({
        ...about,
        key: keyOfMove('zoom', revision),
        provider: 'zoom',
        slot,
        revision,
        topic: 'Nightfall: Captain',
        settings,
        meeting,
      }),
    /** Removes the meetings of the keys. By default the last one that was asked for. */
    leave: (
      slot: Slot,
      keys: readonly string[] = [keyOfMeeting('zoom')],
      provider: MeetingProviderName = 'zoom',
    ) => activities.removeMeeting({ ...about, keys, provider, slot }),
  };
};
