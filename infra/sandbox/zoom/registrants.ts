/**
 * Stores the registrants of meetings, with the limits that the documentation states:
 * https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/meetings/{meetingId}/registrants
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import { type Clock, wholeSeconds } from '../time.ts';
import {
  hostCannotRegister,
  meetingIsOver,
  paidUsersOnly,
  registrantLimitReached,
  registrationNotEnabled,
  ZoomError,
} from './errors.ts';
import { endMs, type StoredMeeting } from './meeting.ts';
import type { ZoomUsers } from './users.ts';

export const registrantBodySchema = z.object({
  email: z.email().max(128),
  first_name: z.string().min(1).max(64),
  last_name: z.string().max(64).optional(),
  auto_approve: z.boolean().optional(),
});
type RegistrantBody = z.infer<typeof registrantBodySchema>;

export const statusBodySchema = z.object({
  action: z.enum(['approve', 'cancel', 'deny']),
  registrants: z
    .array(z.object({ id: z.string().optional(), email: z.string().optional() }))
    .max(30)
    .optional(),
});
type StatusBody = z.infer<typeof statusBodySchema>;

export const registrantQuerySchema = z.object({
  status: z.enum(['pending', 'approved', 'denied']).default('approved'),
  page_size: z.coerce.number().int().min(1).max(300).default(30),
  next_page_token: z.string().optional(),
});
type RegistrantQuery = z.infer<typeof registrantQuerySchema>;

const storedSchema = z.object({
  id: z.string(),
  meeting: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  status: z.enum(['pending', 'approved', 'denied', 'cancelled']),
  created: z.number(),
  /** Part of the address that leads into the meeting. */
  token: z.string(),
});
type StoredRegistrant = z.infer<typeof storedSchema>;

const heldSchema = z.object({
  registrants: z.array(storedSchema),
  daily: z.object({ day: z.string(), requests: z.record(z.string(), z.int()) }),
});

/** The most registrants of a meeting: https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0065026 */
const mostRegistrants = 4_999;
/** For one registrant of one meeting, until 00:00 UTC: https://developers.zoom.us/docs/api/rate-limits/ */
const dailyLimits = { add: 3, status: 10 } as const;
const limitNames = { add: 'Add meeting registrant', status: "Update registrant's status" } as const;

/** `approval_type` of a meeting: 0 approves each registration, 1 leaves it to the host, 2 has no registration. */
const approvalOf = ({ settings }: StoredMeeting): 0 | 1 | 2 => {
  const { approval_type: type } = settings;
  return type === 0 || type === 1 ? type : 2;
};

const statusAfter = { approve: 'approved', cancel: 'cancelled', deny: 'denied' } as const;

/** Creates a store without registrants. */
export const createRegistrants = (clock: Clock, changeNotifier: ChangeNotifier, users: ZoomUsers) => {
  let registrants: readonly StoredRegistrant[] = [];
  let daily: { day: string; requests: Record<string, number> } = { day: '', requests: {} };

  const of = (meeting: StoredMeeting) =>
    registrants.filter((registrant) => registrant.meeting === String(meeting.id));

  /** @throws {ZoomError} the daily 429 of a registrant. Its text is quoted by developers (devforum 57798, 122482). */
  const countDaily = (kind: keyof typeof dailyLimits, meeting: StoredMeeting, email: string) => {
    const day = new Date(clock()).toISOString().slice(0, 10);
    if (daily.day !== day) daily = { day, requests: {} };
    const key = `${kind} ${meeting.id} ${email.toLowerCase()}`;
    const used = daily.requests[key] ?? 0;
    if (used >= dailyLimits[kind]) {
      throw new ZoomError({
        status: 429,
        code: 429,
        message: `You have exceeded the daily rate limit of (${dailyLimits[kind]}) for ${limitNames[kind]} API requests for the registrant (${email}). You can resume these API requests at GMT 00:00:00.`,
      });
    }
    daily.requests[key] = used + 1;
  };

  const put = (registrant: StoredRegistrant) => {
    registrants = [...registrants.filter(({ id }) => id !== registrant.id), registrant];
    changeNotifier.notify();
  };

  const checkMeeting = (meeting: StoredMeeting) => {
    if (users.get(meeting.host).kind === 'basic') throw new ZoomError(paidUsersOnly);
    if (approvalOf(meeting) === 2) throw registrationNotEnabled(String(meeting.id));
  };

  const joinUrl = (meeting: StoredMeeting, { token }: StoredRegistrant) =>
    `https://zoom.us/w/${meeting.id}?tk=${token}&pwd=${Buffer.from(meeting.password).toString('base64url')}`;

  return {
    /**
     * Registers a person. A person who is registered already keeps the registration.
     *
     * @throws {ZoomError} for a meeting without registration, a host without a license, and the limits.
     */
    add(meeting: StoredMeeting, body: RegistrantBody): StoredRegistrant {
      checkMeeting(meeting);
      if (endMs(meeting) <= clock()) throw new ZoomError(meetingIsOver);
      if (body.email.toLowerCase() === meeting.host.toLowerCase()) throw new ZoomError(hostCannotRegister);
      countDaily('add', meeting, body.email);
      const isSame = ({ email }: StoredRegistrant) => email.toLowerCase() === body.email.toLowerCase();
      const known = of(meeting).find((one) => isSame(one) && one.status !== 'cancelled');
      if (known) return known;
      if (of(meeting).filter(({ status }) => status !== 'cancelled').length >= mostRegistrants)
        throw new ZoomError(registrantLimitReached);
      const registrant: StoredRegistrant = {
        id: randomBytes(16).toString('base64url'),
        meeting: String(meeting.id),
        email: body.email,
        firstName: body.first_name,
        lastName: body.last_name ?? '',
        status: approvalOf(meeting) === 0 || body.auto_approve === true ? 'approved' : 'pending',
        created: clock(),
        token: randomBytes(24).toString('base64url'),
      };
      put(registrant);
      return registrant;
    },
    /** @throws {ZoomError} for a meeting without registration, and the limit of a registrant. */
    setStatus(meeting: StoredMeeting, { action, registrants: named = [] }: StatusBody) {
      checkMeeting(meeting);
      for (const { id, email } of named) {
        const found = of(meeting).find(
          (one) => one.id === id || (id === undefined && email !== undefined && one.email === email),
        );
        if (!found) continue;
        countDaily('status', meeting, found.email);
        put({ ...found, status: statusAfter[action] });
      }
    },
    /** Returns one page, as Zoom does. Cancelled registrants are in no list. */
    list(meeting: StoredMeeting, { status, page_size: size, next_page_token: token }: RegistrantQuery) {
      checkMeeting(meeting);
      const matching = of(meeting).filter((registrant) => registrant.status === status);
      const offset = token ? Number(Buffer.from(token, 'base64url').toString()) : 0;
      const next = offset + size;
      return {
        page_size: size,
        total_records: matching.length,
        next_page_token: next < matching.length ? Buffer.from(String(next)).toString('base64url') : '',
        registrants: matching.slice(offset, next).map((registrant) => ({
          id: registrant.id,
          email: registrant.email,
          first_name: registrant.firstName,
          last_name: registrant.lastName,
          status: registrant.status,
          create_time: wholeSeconds(registrant.created),
          ...(registrant.status === 'approved' ? { join_url: joinUrl(meeting, registrant) } : {}),
        })),
      };
    },
    /** Renders the answer to a registration. */
    renderAdded: (meeting: StoredMeeting, registrant: StoredRegistrant) => ({
      id: meeting.id,
      registrant_id: registrant.id,
      start_time: wholeSeconds(meeting.startMs),
      topic: meeting.topic,
      ...(registrant.status === 'approved' ? { join_url: joinUrl(meeting, registrant) } : {}),
    }),
    all: () => registrants,
    save: () => ({ registrants, daily }),
    load: (value: unknown) => {
      ({ registrants, daily } = heldSchema.parse(value));
    },
    reset() {
      registrants = [];
      daily = { day: '', requests: {} };
      changeNotifier.notify();
    },
  };
};
export type Registrants = ReturnType<typeof createRegistrants>;
