/** Google Meet as Calendar makes it: asked for by a request id, and the same id gives the same conference. */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export const storedConferenceSchema = z.object({
  requestId: z.string(),
  id: z.string(),
  /** From when on it no longer says `pending`. */
  readyMs: z.number(),
  outcome: z.enum(['success', 'failure']),
  withId: z.boolean().default(true),
});
export type StoredConference = z.infer<typeof storedConferenceSchema>;

/** What a client may write as `conferenceData`. */
export const conferenceRequestSchema = z.looseObject({
  createRequest: z
    .object({
      requestId: z.string().min(1),
      conferenceSolutionKey: z.object({ type: z.string() }).optional(),
    })
    .optional(),
});

/** Three letters, four, three: `abc-defg-hij`, made from who asked with which request id. */
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
}

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
});

/** The event's fields about its conference; the link is there once it is ready. */
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
      entryPoints: [{ entryPointType: 'video', uri, label: uri.slice('https://'.length) }],
      conferenceSolution: { key: { type: 'hangoutsMeet' }, name: 'Google Meet' },
      ...(conference.withId ? { conferenceId: conference.id } : {}),
    },
  };
};
