/** An audition in person books the calendar of its room, and asks the casting office when the room declines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarChangeOf } from '../../domain/audition/calendar-change.ts';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import type { RoomCalendar, Slot } from '../../domain/audition/slot.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { slotIn } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const studio: RoomCalendar = {
  provider: 'google',
  connection: 'conn_rooms',
  email: 'studio@resource.calendar.google.com',
};
const attic: RoomCalendar = {
  provider: 'microsoft',
  connection: 'conn_attic',
  email: 'attic@contoso.example',
};

const inStudio = (slot: Slot): Slot => ({ ...slot, room: 'Studio 2', roomCalendar: studio });

/** Plays an audition in a room. */
const play = async (
  recordAs: string | undefined,
  scene: (played: RunningAudition) => Promise<void>,
  prepare: (world: RunningAudition['world']) => void = () => undefined,
) => {
  const now = await stage.environment.currentTimeMs();
  const slot = inStudio(slotIn(72, now));
  const plan = { wish: { kind: 'fixed', slot }, meetingProviders: [] } as const;
  await stage.runAudition({ plan, prepare, ...(recordAs ? { recordAs } : {}) }, scene);
};

const scheduled = ({ until }: RunningAudition, revision = 1) =>
  until((view) => view.state === 'scheduled' && view.revision === revision);
const bookings = ({ world }: RunningAudition) => world.callsOf('bookRoom');
const itemsOf = ({ attention }: AuditionView) => attention.map(({ step }) => step);

let reports = 0;
const answered = (
  { handle }: RunningAudition,
  answer: RoomAnswer,
  connection = studio.connection,
  revision = 1,
) => {
  reports += 1;
  return handle.signal(messages.calendarChangedSignal, {
    inboxId: `room-${reports}`,
    provider: 'google',
    connection,
    revision,
    change: { kind: 'room_answered', answer },
  });
};

describe('the room of an audition', () => {
  it('is booked before the events are written, and its answer is shown', async () => {
    await play('room-booked', async (played) => {
      const view = await scheduled(played);
      expect(view.slot?.roomCalendar).toEqual(studio);
      expect(view.roomBooking).toEqual({
        provider: 'google',
        connection: studio.connection,
        answer: 'pending',
      });
      expect(bookings(played)).toHaveLength(1);
      const types = played.world.factTypes();
      expect(types.indexOf('room_booked')).toBeLessThan(types.indexOf('calendar_event_written'));
      await answered(played, 'accepted');
      const after = await played.until(({ roomBooking }) => roomBooking?.answer === 'accepted');
      expect(itemsOf(after)).toEqual([]);
    });
  });

  it('that declines is a question, which is withdrawn when the room accepts', async () => {
    await play('room-declined', async (played) => {
      await scheduled(played);
      await answered(played, 'declined');
      const asked = await played.until(({ attention }) => attention.length === 1);
      expect(asked.attention[0]).toMatchObject({
        step: 'calendar_conflict',
        code: 'room_declined',
        actions: ['follow', 'ignore'],
      });
      // The trail keeps the text for ever, and a room can be the home of a person.
      expect(asked.attention[0]?.what).not.toContain('Studio 2');
      expect(asked.roomBooking?.answer).toBe('declined');
      await answered(played, 'accepted');
      await played.until(({ attention }) => attention.length === 0);
    });
  });

  it('that declines is booked for a later slot when the casting office follows, although its calendar is free', async () => {
    const quarter = 15 * 60_000;
    const later = (await stage.environment.currentTimeMs()) + 72 * 60 * 60_000;
    const start = Math.ceil(later / quarter) * quarter;
    const end = toInstant(start + 2 * quarter);
    const slot = inStudio({ start: toInstant(start), end, zone: 'Europe/Paris' });
    const plan = { wish: { kind: 'fixed', slot }, meetingProviders: [] } as const;
    await stage.runAudition({ plan }, async (played) => {
      await scheduled(played);
      await answered(played, 'declined');
      await played.until(({ attention }) => attention.length === 1);
      await played.resolve('calendar_conflict', 'follow');
      const moved = await scheduled(played, 2);
      expect(moved.slot).toMatchObject({ start: end, roomCalendar: studio });
      expect(bookings(played)).toHaveLength(2);
    });
  });

  it('is no question for another account, an earlier revision, or while a person must approve it', async () => {
    await play(undefined, async (played) => {
      await scheduled(played);
      await answered(played, 'declined', 'conn_other');
      await answered(played, 'declined', studio.connection, 7);
      await answered(played, 'tentative');
      const view = await played.until(({ roomBooking }) => roomBooking?.answer === 'tentative');
      expect(itemsOf(view)).toEqual([]);
    });
  });

  it('is kept by a move, and booked for the new time', async () => {
    await play('room-moved', async (played) => {
      await scheduled(played);
      await answered(played, 'declined');
      await played.until(({ attention }) => attention.length === 1);
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      const moved = await scheduled(played, 2);
      expect(moved.slot).toMatchObject({ room: 'Studio 2', roomCalendar: studio });
      expect(moved.roomBooking?.answer).toBe('pending');
      expect(itemsOf(moved)).toEqual([]);
      expect(bookings(played)).toHaveLength(2);
      expect(played.world.callsOf('removeEvent')).toEqual([]);
    });
  });

  it('that another room replaces is booked by that one, and freed', async () => {
    await play('room-replaced', async (played) => {
      const before = await scheduled(played);
      const slot: Slot = { ...(before.slot ?? slotIn(72, 0)), room: 'Attic', roomCalendar: attic };
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      const moved = await scheduled(played, 2);
      expect(moved.roomBooking).toMatchObject({ provider: 'microsoft', connection: attic.connection });
      await played.until(() => played.world.callsOf('removeEvent').length === 1);
      expect(played.world.callsOf('removeEvent')[0]).toContain('room-booking:r1');
    });
  });

  it('that a room without a calendar replaces is freed', async () => {
    await play(undefined, async (played) => {
      const before = await scheduled(played);
      const { roomCalendar: _studio, ...slot } = before.slot ?? slotIn(72, 0);
      await played.send(messages.rescheduleUpdate, {
        ...apiCommand,
        wish: { kind: 'fixed', slot: { ...slot, room: 'Backyard' } },
      });
      const moved = await scheduled(played, 2);
      expect([moved.slot?.roomCalendar, moved.roomBooking]).toEqual([undefined, undefined]);
      await played.until(() => played.world.callsOf('removeEvent').length === 1);
      expect(bookings(played)).toHaveLength(1);
    });
  });

  it('is freed when the audition is cancelled', async () => {
    await play('room-cancelled', async (played) => {
      await scheduled(played);
      await played.send(messages.cancelUpdate, apiCommand);
      const view = await played.result();
      expect(view.outcome).toBe('cancelled');
      expect([...played.world.calendarEvents]).toEqual([]);
    });
  });

  it('that cannot be booked is a question to an operator, who can go on without it', async () => {
    await play(
      'room-skipped',
      async (played) => {
        const asked = await played.until(({ attention }) => attention.length > 0);
        expect(asked.attention[0]).toMatchObject({
          step: 'room_booking',
          actions: ['retry', 'skip', 'abort'],
        });
        await played.resolve('room_booking', 'skip');
        const view = await scheduled(played);
        expect(view.roomBooking).toBeUndefined();
      },
      (world) => world.fail('bookRoom', 'not_permitted'),
    );
  });

  it('whose booking was skipped is booked when a move from its slot is aborted', async () => {
    await play(
      'room-skipped-move-aborted',
      async (played) => {
        await played.until((view) => itemsOf(view).includes('room_booking'));
        await played.resolve('room_booking', 'skip');
        await scheduled(played);
        const slot = {
          ...slotIn(96, await stage.environment.currentTimeMs()),
          room: 'Attic',
          roomCalendar: attic,
        };
        const move = played.handle.executeUpdate(messages.rescheduleUpdate, {
          args: [{ ...apiCommand, wish: { kind: 'fixed', slot } }],
        });
        await played.until((view) => itemsOf(view).includes('room_booking'));
        played.world.clearFaults();
        await played.resolve('room_booking', 'abort');
        await move;
        const view = await played.until(
          ({ revision, roomBooking }) => revision === 3 && roomBooking !== undefined,
        );
        expect(view).toMatchObject({
          slot: { roomCalendar: studio },
          roomBooking: { connection: studio.connection },
        });
      },
      (world) => world.fail('bookRoom', 'not_permitted'),
    );
  });

  it('is booked again when a move is aborted', async () => {
    await play('room-move-aborted', async (played) => {
      await scheduled(played);
      played.world.fail('bookRoom', 'not_permitted');
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      const move = played.handle.executeUpdate(messages.rescheduleUpdate, {
        args: [{ ...apiCommand, wish: { kind: 'fixed', slot } }],
      });
      await played.until((view) => itemsOf(view).includes('room_booking'));
      played.world.clearFaults();
      await played.resolve('room_booking', 'abort');
      await move;
      const view = await played.until(
        ({ revision, roomBooking }) => revision === 3 && roomBooking !== undefined,
      );
      expect(view.slot?.roomCalendar).toEqual(studio);
    });
  });
});

describe('the event that only books the room', () => {
  it('is restored with another meeting when it hosted that too', async () => {
    const now = await stage.environment.currentTimeMs();
    const wish = { kind: 'fixed', slot: inStudio(slotIn(72, now)) } as const;
    await stage.runAudition({ plan: { wish, meetingProviders: ['google_meet'] } }, async (played) => {
      const { meeting } = await scheduled(played);
      reports += 1;
      await played.handle.signal(messages.calendarChangedSignal, {
        inboxId: `room-${reports}`,
        provider: 'google',
        connection: studio.connection,
        revision: 1,
        change: { kind: 'deleted' },
        hostsMeeting: true,
      });
      const asked = await played.until(({ attention }) => attention.length === 1);
      expect(asked.attention[0]?.what).toBe(
        'The event that books the room and hosts the meeting was deleted.',
      );
      await played.resolve('calendar_change', 'restore');
      await played.until((view) => view.meeting !== undefined && view.meeting.id !== meeting?.id);
      expect(bookings(played)).toHaveLength(2);
    });
  });

  it('is written again when it was deleted and the casting office restores it', async () => {
    await play('room-restored', async (played) => {
      await scheduled(played);
      reports += 1;
      await played.handle.signal(messages.calendarChangedSignal, {
        inboxId: `room-${reports}`,
        provider: 'google',
        connection: studio.connection,
        revision: 1,
        change: { kind: 'deleted' },
      });
      const asked = await played.until(({ attention }) => attention.length === 1);
      expect(asked.attention[0]?.what).toBe('The event that books the room was deleted.');
      await played.resolve('calendar_change', 'restore');
      await played.until(() => bookings(played).length === 2);
      expect(bookings(played)[1]).toContain('restored');
    });
  });
});

type RoomConflict = Extract<CalendarChangeOf, { kind: 'conflict' | 'conflict_over' }>;

const reported = ({ handle }: RunningAudition, change: RoomConflict) => {
  reports += 1;
  return handle.signal(messages.calendarChangedSignal, {
    inboxId: `room-${reports}`,
    provider: 'google',
    connection: studio.connection,
    revision: 1,
    change,
  });
};

const conflictWith = ({ slot }: AuditionView): RoomConflict => {
  if (!slot) throw new Error('there is no slot');
  return { kind: 'conflict', start: slot.start, end: slot.end };
};

describe('another event in the calendar of the room', () => {
  it('is a question, which is withdrawn with the conflict', async () => {
    await play('room-conflict', async (played) => {
      await reported(played, conflictWith(await scheduled(played)));
      const asked = await played.until(({ attention }) => attention.length === 1);
      expect(asked.attention[0]).toMatchObject({
        step: 'calendar_conflict',
        what: expect.stringMatching(/^The room of the slot has another event .*, in the time of the slot\.$/),
        actions: ['follow', 'ignore'],
      });
      await reported(played, { kind: 'conflict_over' });
      await played.until(({ attention }) => attention.length === 0);
    });
  });

  it('moves the audition to the next free slot in the room when the casting office follows', async () => {
    await play('room-conflict-followed', async (played) => {
      const before = await scheduled(played);
      played.world.busy = [conflictWith(before)].flatMap((time) => (time.kind === 'conflict' ? [time] : []));
      await reported(played, conflictWith(before));
      await played.until(({ attention }) => attention.length === 1);
      await played.resolve('calendar_conflict', 'follow');
      const moved = await scheduled(played, 2);
      expect(moved.slot).toMatchObject({ room: 'Studio 2', roomCalendar: studio });
      expect(moved.attention).toEqual([]);
    });
  });

  it('is no second question when the room has declined, before or after it', async () => {
    await play(undefined, async (played) => {
      const view = await scheduled(played);
      await reported(played, conflictWith(view));
      await played.until(({ attention }) => attention.length === 1);
      await answered(played, 'declined');
      const declined = await played.until(({ attention }) => attention[0]?.code === 'room_declined');
      expect(declined.attention).toHaveLength(1);
      await reported(played, { kind: 'conflict_over' });
      await reported(played, conflictWith(view));
      await answered(played, 'accepted');
      const accepted = await played.until(({ roomBooking }) => roomBooking?.answer === 'accepted');
      expect(itemsOf(accepted)).toEqual([]);
    });
  });
});
