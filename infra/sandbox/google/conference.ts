/**
 * Simulates the Google Meet conferences of Calendar events. The same request id gives the same conference.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export const storedConferenceSchema = z.object({
  requestId: z.string(),
  id: z.string(),
  /** Epoch milliseconds at which the status changes from `pending` to the outcome. */
  readyMs: z.number(),
  outcome: z.enum(['success', 'failure']),
  withId: z.boolean().default(true),
  phone: z.object({ label: z.string(), pin: z.string() }).optional(),
});
export type StoredConference = z.infer<typeof storedConferenceSchema>;

/** The `conferenceData` that a client can send. */
export const conferenceRequestSchema = z.looseObject({
  createRequest: z
    .object({
      requestId: z.string().min(1),
      conferenceSolutionKey: z.object({ type: z.string() }).optional(),
    })
    .optional(),
});

/** Derives a meeting id such as `abc-defg-hij` from account and request id. */
const meetId = (account: string, requestId: string): string => {
  const letters = [...createHash('sha256').update(`${account}\n${requestId}`).digest().subarray(0, 10)]
    .map((byte) => String.fromCodePoint(97 + (byte % 26)))
    .join('');
  return `${letters.slice(0, 3)}-${letters.slice(3, 7)}-${letters.slice(7)}`;
};

export interface ConferenceSettings {
  readonly pendingMs: number;
  readonly outcome: 'success' | 'failure' | 'failure_first';
  readonly withId: boolean;
  readonly phone?: { readonly label: string; readonly pin: string } | undefined;
}

/** Creates a conference. `before` is the previous conference of the event, if any. */
export const newConference = (
  account: string,
  requestId: string,
  settings: ConferenceSettings,
  nowMs: number,
  before?: StoredConference,
): StoredConference => ({
  requestId,
  id: meetId(account, requestId),
  readyMs: nowMs + settings.pendingMs,
  outcome: settings.outcome === 'failure_first' ? (before ? 'success' : 'failure') : settings.outcome,
  withId: settings.withId,
  phone: settings.phone,
});

/** Returns the event fields of a conference. They contain the link once the conference is ready. */
export const renderConference = (conference: StoredConference, nowMs: number) => {
  const createRequest = {
    requestId: conference.requestId,
    conferenceSolutionKey: { type: 'hangoutsMeet' },
    status: { statusCode: nowMs < conference.readyMs ? 'pending' : conference.outcome },
  };
  if (createRequest.status.statusCode !== 'success') return { conferenceData: { createRequest } };
  const uri = `https://meet.google.com/${conference.id}`;
  return {
    hangoutLink: uri,
    conferenceData: {
      createRequest,
      entryPoints: [
        { entryPointType: 'video', uri, label: uri.slice('https://'.length) },
        ...(conference.phone ? [phoneEntryPoint(conference.phone)] : []),
      ],
      conferenceSolution: { key: { type: 'hangoutsMeet' }, name: 'Google Meet' },
      ...(conference.withId ? { conferenceId: conference.id } : {}),
    },
  };
};

/** https://developers.google.com/workspace/calendar/api/v3/reference/events, `conferenceData.entryPoints` */
const phoneEntryPoint = ({ label, pin }: NonNullable<ConferenceSettings['phone']>) => ({
  entryPointType: 'phone',
  uri: `tel:${label.replaceAll(' ', '-')}`,
  label,
  pin,
});
