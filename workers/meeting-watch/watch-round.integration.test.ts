/** The watch over the meetings of sessions that begin now, against PostgreSQL and the provider sandbox. */
import { describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { Meeting } from '../../domain/audition/meeting.ts';
import { type AuditionId, participantIdSchema } from '../../domain/ids.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import { minute } from '../../domain/time/units.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { factsUntilScheduled, newAuditionId, numbered, trail } from '../../tests/harness/audition-trail.ts';
import { createWatchRound } from './watch-round.ts';

/** The meeting of `factsUntilScheduled`. */
const createdByFacts = { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/j/1' } as const;
/** The run of the workflow in the SDK's activity environment. */
const mockedRun = '00000000-0000-0000-0000-000000000000';
const performer = participantIdSchema.parse('performer-1');

const benchFor = useActivityHarness();

/** The tests share a database, so each has a day of its own. */
let days = 10;

const setup = async () => {
  const bench = await benchFor();
  days += 1;
  const day = `2027-03-${days}`;
  const start = `${day}T10:00:00.000Z` as const;
  const slot = { start, end: `${day}T10:30:00.000Z`, zone: 'Europe/Paris' } as const;
  const signaled: string[] = [];
  let isTemporalDown = false;
  const options = {
    watch: bench.repositories.meetingWatch,
    look: bench.lookAtMeeting,
    workflowSignals: {
      signalAudition: async (id: AuditionId) => {
        if (isTemporalDown) throw new Error('Temporal is down');
        signaled.push(id);
        return 'signaled' as const;
      },
    },
    logger: { warn: () => undefined },
  };
  /** Schedules an audition with a meeting. Returns the audition, and records further facts about it. */
  const schedule = async (provider: MeetingProviderName = 'zoom') => {
    const auditionId = newAuditionId();
    const facts: AuditionFact[] = [...factsUntilScheduled(auditionId, 'org_1', day)];
    const key = `audition/${auditionId}:meeting:${provider}:1`;
    const about = { organization: 'org_1', auditionId, correlationId: 'c' } as const;
    const position = () => numbered(trail(facts));
    const record = async (...more: readonly AuditionFact[]) => {
      facts.push(...more);
      await bench.repositories.events.append({ auditionId, run: mockedRun, position: position() });
    };
    const meeting: Meeting = await bench.activities.createMeeting({
      ...about,
      trail: position(),
      key,
      provider,
      slot,
      revision: 1,
      topic: 'Nightfall',
      hasFallback: false,
    });
    await record({ type: 'meeting_lost', meeting: createdByFacts }, { type: 'meeting_created', meeting });
    const remove = () =>
      bench.activities.removeMeeting({ ...about, trail: position(), keys: [key], provider, slot });
    return { auditionId, meeting, record, remove };
  };
  /** Runs a round at this many minutes from the start of the slot. Returns whom it has signaled. */
  const roundAt = async (minutes: number, intervalMs = 0) => {
    signaled.length = 0;
    const now = () => Date.parse(start) + minutes * minute;
    await createWatchRound({ ...options, now, intervalMs })(new AbortController().signal);
    return signaled.toSorted();
  };
  return {
    ...bench,
    schedule,
    roundAt,
    setTemporalDown: (isDown: boolean) => {
      isTemporalDown = isDown;
    },
  };
};

describe('the meeting watch', () => {
  it('signals no audition while the provider works', async () => {
    const { schedule, roundAt } = await setup();
    await schedule();
    expect(await roundAt(-3)).toEqual([]);
  });

  it('signals all auditions of the provider in each round of an outage, and those of no other provider', async () => {
    const { schedule, roundAt, fault } = await setup();
    const [one, other] = [await schedule(), await schedule()];
    await schedule('google_meet');
    fault('zoom', { kind: 'outage' });
    const expected = [one.auditionId, other.auditionId].toSorted();
    expect(await roundAt(-3)).toEqual(expected);
    expect(await roundAt(-2)).toEqual(expected);
  });

  it('looks from 15 minutes before the start until people may be in the meeting', async () => {
    const { schedule, roundAt, fault } = await setup();
    const { auditionId, record } = await schedule();
    fault('zoom', { kind: 'outage' });
    expect(await roundAt(-16)).toEqual([]);
    expect(await roundAt(-15)).toEqual([auditionId]);
    expect(await roundAt(9)).toEqual([auditionId]);
    expect(await roundAt(10)).toEqual([]);
    await record({ type: 'participant_joined', participant: performer, at: '2027-03-01T10:01:00.000Z' });
    expect(await roundAt(5)).toEqual([]);
  });

  it('signals only the audition whose meeting is gone', async () => {
    const { schedule, roundAt } = await setup();
    const { auditionId, remove } = await schedule();
    await remove();
    expect(await roundAt(-5)).toEqual([auditionId]);
  });

  it('signals the audition whose account was disconnected', async () => {
    const { schedule, roundAt, revoke } = await setup();
    const { auditionId } = await schedule('google_meet');
    revoke('google', 'office@example.com');
    expect(await roundAt(-5)).toEqual([auditionId]);
  });

  it('looks once within the interval, whichever process asks', async () => {
    const { schedule, roundAt, fault } = await setup();
    await schedule();
    fault('zoom', { kind: 'outage' });
    await roundAt(-5);
    expect(await roundAt(-5, minute)).toEqual([]);
  });

  it('signals in the next round when Temporal was down', async () => {
    const { schedule, roundAt, fault, setTemporalDown } = await setup();
    const { auditionId } = await schedule();
    fault('zoom', { kind: 'outage' });
    setTemporalDown(true);
    await expect(roundAt(-5)).rejects.toThrow('Temporal is down');
    setTemporalDown(false);
    expect(await roundAt(-5)).toEqual([auditionId]);
  });
});
