/**
 * The Meet conference of an event, which is made after the event:
 * https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing
 */
import { z } from 'zod';
import type { Conference } from '../ports.ts';

export const conferenceSchema = z.looseObject({
  conferenceId: z.string().optional(),
  entryPoints: z
    .array(z.looseObject({ entryPointType: z.string().optional(), uri: z.string().optional() }))
    .optional(),
  createRequest: z
    .looseObject({
      requestId: z.string().optional(),
      status: z.looseObject({ statusCode: z.string().optional() }).optional(),
    })
    .optional(),
});

interface WithConference {
  readonly hangoutLink?: string | undefined;
  readonly conferenceData?: z.infer<typeof conferenceSchema> | undefined;
}

type ConferenceState =
  | ({ readonly kind: 'ready' } & Conference)
  | { readonly kind: 'pending' | 'failed' | 'missing' };

/** Whoever has the link can meet: the id may be missing beside it, and is the link's last part anyway. */
export const conferenceOf = ({ conferenceData: data, hangoutLink }: WithConference): ConferenceState => {
  const video = data?.entryPoints?.find(({ entryPointType }) => entryPointType === 'video');
  const joinUrl = video?.uri ?? hangoutLink;
  if (joinUrl !== undefined) {
    return { kind: 'ready', id: data?.conferenceId ?? joinUrl.split('/').at(-1) ?? joinUrl, joinUrl };
  }
  if (!data) return { kind: 'missing' };
  return { kind: data.createRequest?.status?.statusCode === 'failure' ? 'failed' : 'pending' };
};

/**
 * The id to ask under. Google answers a request id it knows with what became of it, so after a failure it takes
 * another one; it follows from the failed one, so that two attempts ask under the same.
 */
export const nextConferenceRequestId = ({ conferenceData }: WithConference, first: string): string => {
  const asked = conferenceData?.createRequest?.requestId;
  if (asked === undefined) return first;
  const round = asked.startsWith(`${first}-`) ? Number(asked.slice(first.length + 1)) : 1;
  return `${first}-${round + 1}`;
};
