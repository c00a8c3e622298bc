import proto from '@temporalio/proto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { auditionEventSchema } from '../../../domain/audition/events.ts';
import { demoAudition, performer } from './audition-request.ts';
import { createActivityReader } from './history.ts';
import { createTimeline } from './timeline.ts';

const { HistoryEvent } = proto.temporal.api.history.v1;

const times = { untilStart: 40_000, length: 20_000, reminders: ['PT20S', 'PT10S'] };

describe('demoAudition', () => {
  it('matches the contract and starts on time across the autumn DST change', () => {
    // Paris changes from +02:00 to +01:00 at 01:00 UTC. `now` is before the change and the start is after it.
    const now = new Date('2026-10-25T00:59:59.000Z');
    const { slot, participants } = demoAudition(now, times);
    expect(slot).toMatchObject({ start: '2026-10-25T01:00:39.000Z', end: '2026-10-25T01:00:59.000Z' });
    expect(participants.map(({ kind }) => kind)).toEqual(['performer', 'casting_director', 'reader']);
    expect(participants[0]).toMatchObject({ id: performer.id, channels: ['email', 'sms'] });
  });

  it('starts on time across the spring DST change', () => {
    const now = new Date('2027-03-28T00:59:50.000Z');
    const { slot } = demoAudition(now, times);
    expect(slot).toMatchObject({ start: '2027-03-28T01:00:30.000Z', end: '2027-03-28T01:00:50.000Z' });
  });
});

describe('createActivityReader', () => {
  it('returns each ended activity with its attempts and its duration', () => {
    const read = createActivityReader();
    const lines = [
      {
        eventId: 5,
        eventTime: { seconds: 10, nanos: 0 },
        activityTaskScheduledEventAttributes: {
          activityType: { name: 'createMeeting' },
          taskQueue: { name: 'zoom' },
        },
      },
      { eventId: 6, activityTaskStartedEventAttributes: { scheduledEventId: 5, attempt: 2 } },
      {
        eventId: 7,
        eventTime: { seconds: 11, nanos: 500_000_000 },
        activityTaskCompletedEventAttributes: { scheduledEventId: 5 },
      },
      // The start of this activity is not in the history.
      { eventId: 8, activityTaskFailedEventAttributes: { scheduledEventId: 99 } },
    ].flatMap((event) => read(HistoryEvent.fromObject(event)) ?? []);
    expect(lines).toEqual([
      { activity: 'createMeeting', taskQueue: 'zoom', attempts: 2, durationMs: 1_500, outcome: 'done' },
    ]);
  });
});

describe('createTimeline', () => {
  it('prints the state after each event', () => {
    const printed: string[] = [];
    const timeline = createTimeline(
      (line) => printed.push(line),
      () => 0,
    );
    const event = { at: '2026-12-01T09:00:00.000Z', correlationId: 'c' } as const;
    const requested = {
      type: 'requested',
      auditionId: 'aud_1',
      organization: 'org_1',
      project: 'p',
      role: 'r',
      round: 'first',
      participants: [],
    };
    timeline.event(auditionEventSchema.parse({ ...event, sequence: 1, fact: requested }));
    const view = timeline.event({ ...event, sequence: 2, fact: { type: 'holding_started' } });
    expect(view.state).toBe('holding');
    expect(printed[1]).toContain('holding');
    expect(printed[1]).toContain('0.0 s');
  });

  it('prints what the demo waits for, and how long, at least every five seconds', async () => {
    vi.useFakeTimers({ now: 0 });
    onTestFinished(() => void vi.useRealTimers());
    const printed: string[] = [];
    const stop = createTimeline((line) => printed.push(line)).waiting('the slot to begin', 33_000);
    await vi.advanceTimersByTimeAsync(32_000);
    expect(printed).toHaveLength(7);
    expect(printed[0]).toContain('waiting for the slot to begin: 33 s');
    expect(printed.at(-1)).toContain('3 s');
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(printed).toHaveLength(7);
  });
});
