/** Implements `MeetingProvider` for Zoom. https://developers.zoom.us/docs/api/meetings/ */
import { z } from 'zod';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { isTransient, ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { cutText } from '../../domain/text-length.ts';
import { dialInOf } from '../dial-in.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, HostAccount, MeetingProvider, MeetingSpec } from '../ports.ts';
import { withKnownZone } from '../zone-fallback.ts';
import type { ZoomClient } from './client.ts';
import { meetingInProgress } from './errors.ts';
import { createZoomExchange } from './exchange.ts';
import { createHostIdentity, userPathOf } from './host-identity.ts';
import { appliedSchema, notHonoredBy, zoomFieldsOf } from './meeting-settings.ts';
import { mayRegister } from './registrants.ts';
import { endScope } from './settings.ts';

const findOperation = operationOf('zoom', 'meetings.find');
const createOperation = operationOf('zoom', 'meetings.create');
const moveOperation = operationOf('zoom', 'meetings.move');
const removeOperation = operationOf('zoom', 'meetings.remove');
const checkOperation = operationOf('zoom', 'meetings.check');
const endOperation = operationOf('zoom', 'meetings.end');
const leadersOperation = operationOf('zoom', 'meetings.setLeaders');
const userOperation = operationOf('zoom', 'users.read');

/** https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings : 2 is a scheduled meeting. */
const scheduled = 2;

const meetingSchema = z.object({
  id: z.union([z.number(), z.string()]),
  join_url: z.url(),
  agenda: z.string().nullish(),
  created_at: z.string().nullish(),
});
/** https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings : absent without a plan for telephones. */
const dialInSchema = z.object({
  settings: z
    .object({
      global_dial_in_numbers: z
        .array(z.object({ number: z.string().describe('With the code of the country') }))
        .nullish()
        .describe('The numbers that the account offers, the default one first'),
    })
    .nullish()
    .describe('The settings that the meeting has'),
});
const joinableSchema = z.intersection(meetingSchema, dialInSchema);
const createdSchema = z.intersection(meetingSchema.extend(appliedSchema.shape), dialInSchema);
type ZoomMeeting = z.infer<typeof meetingSchema>;

/** A list can omit fields of a meeting. */
const listedSchema = meetingSchema.extend({ join_url: z.url().nullish(), start_time: z.string().nullish() });
type ListedMeeting = z.infer<typeof listedSchema>;

const pageSchema = z.object({
  meetings: z.array(listedSchema),
  next_page_token: z.string().nullish(),
});

/**
 * Creates the provider. Every method throws `ProviderError`.
 *
 * @param defaultUsers host the meetings of organizations that have chosen no host.
 */
export const createZoomMeetings = (
  client: ZoomClient,
  defaultUsers: readonly string[] = ['me'],
): MeetingProvider => {
  const exchange = createZoomExchange(client);

  /** Lists all scheduled meetings, at any time: Zoom cannot search by our marker. */
  async function* listMeetings(host: HostAccount, call: CallContext): AsyncGenerator<ListedMeeting> {
    const list = { path: meetingsPathOf(host), query: { type: 'scheduled' }, what: 'meetings' };
    for await (const { meetings } of exchange.readPages(findOperation, host, list, pageSchema, call))
      yield* meetings;
  }

  /** Returns the meeting with agenda and link. When the list omits the agenda, only a meeting at that time is read. */
  const completeMeeting = async (
    host: HostAccount,
    listed: ListedMeeting,
    around: Slot,
    call: CallContext,
  ): Promise<ZoomMeeting | undefined> => {
    const { agenda, join_url } = listed;
    if (typeof agenda === 'string' && typeof join_url === 'string') return { ...listed, join_url };
    const mayBeOurs = typeof agenda === 'string' || startsAtSlot(listed, around);
    if (!mayBeOurs) return undefined;
    const path = pathOf(String(listed.id));
    return exchange.send(findOperation, host, { method: 'GET', path }, meetingSchema, call);
  };

  /**
   * Returns whether the plan of the host ends the meeting before the slot ends. Zoom accepts such a meeting. Best effort:
   * without the scope to read the user, the answer is that it does not.
   */
  const endsEarly = async (host: HostAccount, slot: Slot, call: CallContext): Promise<boolean> => {
    if (minutesOf(slot) <= basicMinutes) return false;
    try {
      const request = { method: 'GET', path: userPathOf(host) } as const;
      const { type } = await exchange.send(userOperation, host, request, userSchema, call);
      return type === basicUser;
    } catch {
      return false;
    }
  };

  const lostDuration = async (
    host: HostAccount,
    { slot }: MeetingSpec,
    call: CallContext,
  ): Promise<readonly ['duration'] | readonly []> =>
    (await endsEarly(host, slot, call)) ? ['duration'] : [];

  const end = async (
    host: HostAccount,
    meetingId: string,
    call: CallContext,
  ): Promise<'ended' | 'not_open'> => {
    const path = `${pathOf(meetingId)}/status`;
    try {
      await client.send(endOperation, host, { method: 'PUT', path, body: { action: 'end' } }, call);
      return 'ended';
    } catch (error) {
      // Which error a meeting that is not open has is not documented. Refused content cannot be anything else.
      if (error instanceof ProviderError && closedFaults.has(error.fault.kind)) return 'not_open';
      throw error;
    }
  };

  /** Returns whether the meeting has ended. The app of the service can lack the scope, which is not known before. */
  const endForRemoval = async (host: HostAccount, meetingId: string, call: CallContext): Promise<boolean> => {
    try {
      await end(host, meetingId, call);
      return true;
    } catch (error) {
      if (error instanceof ProviderError && !isTransient(error.fault)) return false;
      throw error;
    }
  };

  return {
    name: 'zoom',
    defaultUsers,
    identify: createHostIdentity(exchange),
    find: async (host, reference, around, call) => {
      const ours: ZoomMeeting[] = [];
      for await (const listed of listMeetings(host, call)) {
        if (typeof listed.agenda === 'string' && !isMarked(listed.agenda, reference)) continue;
        const meeting = await completeMeeting(host, listed, around, call);
        if (meeting && isMarked(meeting.agenda, reference)) ours.push(meeting);
      }
      return ours.sort(byCreation).map(asMeeting);
    },
    create: (host, spec, call) =>
      withKnownZone(spec, async (known) => {
        const fields = zoomFieldsOf(permittedSettings(host, spec.settings));
        const body = { ...asZoomMeeting(known), ...fields, type: scheduled };
        const request = { method: 'POST', path: meetingsPathOf(host), body } as const;
        const created = await exchange.send(createOperation, host, request, createdSchema, call);
        return {
          meeting: {
            ...asMeeting(created),
            ...zoomDialInOf(created),
          },
          notHonored: [
            ...notHonoredBy(spec.settings, created, mayEnd(host)),
            ...(await lostDuration(host, spec, call)),
          ],
        };
      }),
    review: async (host, meetingId, spec, call) => {
      const request = { method: 'GET', path: pathOf(meetingId) } as const;
      const applied = await exchange.send(checkOperation, host, request, appliedSchema, call);
      const lost = notHonoredBy(spec.settings, applied, mayEnd(host));
      return [...lost, ...(await lostDuration(host, spec, call))];
    },
    endsEarly,
    move: async (host, meetingId, spec, call) => {
      await withKnownZone(spec, (known) => {
        const request = { method: 'PATCH', path: pathOf(meetingId), body: asZoomMeeting(known) } as const;
        return client.send(moveOperation, host, request, call);
      });
    },
    remove: async (host, meetingId, call) => {
      const removal = async (): Promise<'deleted' | 'absent'> => {
        const request = { method: 'DELETE', path: pathOf(meetingId) } as const;
        return (await orUndefined(client.send(removeOperation, host, request, call))) ? 'deleted' : 'absent';
      };
      try {
        return await removal();
      } catch (error) {
        // Zoom deletes no meeting in which people are. Without the scope to end it, it is deleted when they have left.
        if (!isInProgress(error) || !mayEnd(host) || !(await endForRemoval(host, meetingId, call)))
          throw error;
        return removal();
      }
    },
    setLeaders: async (host, meetingId, emails, call) => {
      const wanted = emails.filter((email) => !isHost(host, email));
      const others = wanted.filter(isListable);
      const set = (leaders: readonly string[]) => {
        const settings = {
          alternative_hosts: leaders.join(';'),
          alternative_hosts_email_notification: false,
        };
        const request = { method: 'PATCH', path: pathOf(meetingId), body: { settings } } as const;
        return isPermitted(client.send(leadersOperation, host, request, call));
      };
      if (await set(others)) return others.length === wanted.length;
      // Zoom refuses the whole list because of one person.
      let leaders: readonly string[] = [];
      for (const email of others.length > 1 ? others : []) {
        if (await set([...leaders, email])) leaders = [...leaders, email];
      }
      return false;
    },
    end,
    check: async (host, meetingId, call) => {
      const request = { method: 'GET', path: pathOf(meetingId) } as const;
      const found = await orUndefined(exchange.send(checkOperation, host, request, joinableSchema, call));
      if (!found) return { status: 'absent' };
      const { joinUrl } = asMeeting(found.answer);
      return { status: 'present', access: { joinUrl, ...zoomDialInOf(found.answer) } };
    },
  };
};

/** A meeting whose participants cannot be registered by us would ask each of them for their name and address. */
const permittedSettings = (host: HostAccount, settings: MeetingSettings): MeetingSettings =>
  settings.registrants && !mayRegister(host) ? { ...settings, registrants: false } : settings;

/** A user without a license: https://developers.zoom.us/docs/api/users/#tag/users/GET/users/{userId} */
const basicUser = 1;
const userSchema = z.object({ type: z.number().describe('1 is Basic, 2 is Licensed') });

/** Meetings of Basic users end after 40 minutes: https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0070458 */
const basicMinutes = 40;

const isInProgress = (error: unknown): boolean =>
  error instanceof ProviderError && error.vendor.code === meetingInProgress;

const closedFaults: ReadonlySet<ProviderFaultKind> = new Set(['not_found', 'rejected_input', 'conflict']);

/** The consent of a person may not cover it. The app of the service needs the scope, too, and is not asked for it. */
const mayEnd = (host: HostAccount): boolean =>
  host.kind === 'service' || host.connection.scopes?.includes(endScope) === true;

const meetingsPathOf = (host: HostAccount): string => `${userPathOf(host)}/meetings`;

const pathOf = (meetingId: string): string => `/meetings/${encodeURIComponent(meetingId)}`;

/** The host of a meeting needs no other role. */
const isHost = (host: HostAccount, email: string): boolean =>
  host.kind === 'service' && host.user.toLowerCase() === email.toLowerCase();

/** Zoom separates the addresses by semicolons or commas, which a quoted local part can contain: it would name other people. */
const isListable = (email: string): boolean => !/[;,]/.test(email);

/**
 * Returns whether Zoom has accepted the people. An alternative host must be a licensed user of the account of the host:
 * https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0067027
 */
const isPermitted = async (change: Promise<unknown>): Promise<boolean> => {
  try {
    await change;
    return true;
  } catch (error) {
    const isRefusal =
      error instanceof ProviderError &&
      (error.fault.kind === 'rejected_input' || error.fault.kind === 'not_permitted');
    if (isRefusal) return false;
    throw error;
  }
};

/** Returns the answer, and undefined when Zoom does not have the meeting. */
const orUndefined = async <Answer>(
  answer: Promise<Answer>,
): Promise<{ readonly answer: Answer } | undefined> => {
  try {
    return { answer: await answer };
  } catch (error) {
    if (error instanceof ProviderError && error.fault.kind === 'not_found') return undefined;
    throw error;
  }
};

const minute = 60_000;

const minutesOf = ({ start, end }: Slot): number => Math.ceil((Date.parse(end) - Date.parse(start)) / minute);

/** The start is an instant in UTC, unaffected by DST; the zone only affects the display. */
const asZoomMeeting = ({ reference, topic, slot }: MeetingSpec) => ({
  topic: cutText(topic, maxTopicLength),
  agenda: marker(reference),
  start_time: slot.start.replace(/\.\d{3}Z$/, 'Z'),
  duration: minutesOf(slot),
  timezone: slot.zone,
});

const maxTopicLength = 200;

/** A list shows the first 250 characters of an agenda; the marker must fit into them. */
const maxMarkerLength = 250;

const marker = (reference: string): string => {
  const text = `castmatch:${reference}`;
  if (text.length > maxMarkerLength) {
    throw new RangeError(
      `the reference has ${reference.length} characters, which is too long for a Zoom agenda`,
    );
  }
  return text;
};

/** Whether the agenda contains our marker. The host can add text to the agenda. */
const isMarked = (agenda: string | null | undefined, reference: string): boolean =>
  agenda?.split(/\s/).includes(marker(reference)) ?? false;

const startsAtSlot = ({ start_time }: ListedMeeting, { start }: Slot): boolean =>
  typeof start_time !== 'string' || Date.parse(start_time) === Date.parse(start);

/** Orders by creation. Zoom's ISO 8601 times sort as text. */
const byCreation = (left: ZoomMeeting, right: ZoomMeeting): number =>
  (left.created_at ?? '').localeCompare(right.created_at ?? '') ||
  String(left.id).localeCompare(String(right.id), 'en', { numeric: true });

const zoomDialInOf = ({ id, settings }: z.infer<typeof joinableSchema>): Pick<Meeting, 'dialIn'> =>
  dialInOf(settings?.global_dial_in_numbers?.[0]?.number, String(id));

const asMeeting = ({ id, join_url }: ZoomMeeting): Meeting => ({
  provider: 'zoom',
  id: String(id),
  joinUrl: join_url,
});
