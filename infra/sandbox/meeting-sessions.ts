/** Simulates the sessions of meetings: people join, leave and join again, and a session ends. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from './change-notifier.ts';
import type { Clock } from './time.ts';

/** A person as a meeting shows them. Without an address, the person has not signed in. */
export const attendeeSchema = z.strictObject({
  name: z.string().min(1),
  email: z.string().min(1).optional(),
});
export type Attendee = z.input<typeof attendeeSchema>;

const attendanceSchema = z.object({
  /** The same person who joins again keeps it. */
  id: z.string(),
  name: z.string(),
  email: z.string().optional(),
  stays: z.array(z.object({ id: z.string(), joinedMs: z.number(), leftMs: z.number().optional() })),
});
export type MeetingAttendance = z.infer<typeof attendanceSchema>;

const sessionSchema = z.object({
  id: z.string(),
  meeting: z.string(),
  startMs: z.number(),
  endMs: z.number().optional(),
  attendances: z.array(attendanceSchema),
});
export type MeetingSession = z.infer<typeof sessionSchema>;

export interface MeetingSessions {
  /** Lets a person join. The first person starts a session. A person who is in the meeting joins from a second device. */
  join(meeting: string, attendee: Attendee): void;
  /** Lets a person leave, from the device that joined first. Returns whether the person was in the meeting. */
  leave(meeting: string, attendee: Attendee): boolean;
  /** Ends the running session: all people leave. Returns whether a session was running. */
  end(meeting: string): boolean;
  /** Returns the sessions of a meeting, oldest first. */
  of(meeting: string): readonly MeetingSession[];
  find(id: string): MeetingSession | undefined;
  all(): readonly MeetingSession[];
  readonly save: () => readonly MeetingSession[];
  readonly load: (value: unknown) => void;
  reset(): void;
}

const isSame = (attendance: MeetingAttendance, { name, email }: Attendee): boolean =>
  email === undefined
    ? attendance.email === undefined && attendance.name === name
    : attendance.email?.toLowerCase() === email.toLowerCase();

/** Creates a store without sessions. */
export const createMeetingSessions = (clock: Clock, changeNotifier: ChangeNotifier): MeetingSessions => {
  let sessions: readonly MeetingSession[] = [];

  const running = (meeting: string) =>
    sessions.find((session) => session.meeting === meeting && session.endMs === undefined);
  const put = (session: MeetingSession) => {
    const others = sessions.filter(({ id }) => id !== session.id);
    sessions = [...others, session].toSorted((a, b) => a.startMs - b.startMs);
    changeNotifier.notify();
  };

  return {
    join(meeting, attendee) {
      const { name, email } = attendeeSchema.parse(attendee);
      const now = clock();
      const session = running(meeting) ?? { id: randomUUID(), meeting, startMs: now, attendances: [] };
      const known = session.attendances.find((attendance) => isSame(attendance, { name, email }));
      const joined = known ?? {
        id: randomUUID(),
        name,
        ...(email === undefined ? {} : { email }),
        stays: [],
      };
      const stays = [...joined.stays, { id: randomUUID(), joinedMs: now }];
      const others = session.attendances.filter((attendance) => attendance !== known);
      put({ ...session, attendances: [...others, { ...joined, stays }] });
    },
    leave(meeting, attendee) {
      const session = running(meeting);
      const present = session?.attendances.find((attendance) => isSame(attendance, attendee));
      const open = present?.stays.find(({ leftMs }) => leftMs === undefined);
      if (!session || !present || !open) return false;
      const stays = present.stays.map((stay) => (stay === open ? { ...stay, leftMs: clock() } : stay));
      const attendances = session.attendances.map((held) => (held === present ? { ...held, stays } : held));
      put({ ...session, attendances });
      return true;
    },
    end(meeting) {
      const session = running(meeting);
      if (!session) return false;
      const now = clock();
      put({
        ...session,
        endMs: now,
        attendances: session.attendances.map((held) => ({
          ...held,
          stays: held.stays.map((stay) => ({ ...stay, leftMs: stay.leftMs ?? now })),
        })),
      });
      return true;
    },
    of: (meeting) => sessions.filter((session) => session.meeting === meeting),
    find: (id) => sessions.find((session) => session.id === id),
    all: () => sessions,
    save: () => sessions,
    load(value) {
      sessions = z.array(sessionSchema).parse(value);
    },
    reset() {
      sessions = [];
      changeNotifier.notify();
    },
  };
};
