/**
 * Reads the Meet conference of an event. Google creates it after the event:
 * https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing
 */
import { z } from 'zod';
import { dialInOf } from '../dial-in.ts';
import type { Conference } from '../ports.ts';

export const conferenceSchema = z.looseObject({
  conferenceId: z.string().optional(),
  entryPoints: z
    .array(
      z.looseObject({
        entryPointType: z.string().optional(),
        uri: z.string().optional(),
        label: z.string().optional(),
        pin: z.string().optional(),
      }),
    )
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

/** Returns the state of the conference. Without a conference id, the last part of the link is the id. */
export const conferenceOf = ({ conferenceData: data, hangoutLink }: WithConference): ConferenceState => {
  const video = data?.entryPoints?.find(({ entryPointType }) => entryPointType === 'video');
  const joinUrl = video?.uri ?? hangoutLink;
  if (joinUrl !== undefined) {
    const phone = data?.entryPoints?.find(({ entryPointType }) => entryPointType === 'phone');
    return {
      kind: 'ready',
      id: data?.conferenceId ?? joinUrl.split('/').at(-1) ?? joinUrl,
      joinUrl,
      ...dialInOf(phone?.label, phone?.pin),
    };
  }
  if (!data) return { kind: 'missing' };
  return { kind: data.createRequest?.status?.statusCode === 'failure' ? 'failed' : 'pending' };
};

/**
 * Returns the request id for a conference. Google ignores the id of the previous request
 * (https://developers.google.com/workspace/calendar/api/v3/reference/events, `conferenceData.createRequest.requestId`), so
 * another conference needs another id. It is derived from the previous one: two attempts request the same conference.
 */
export const nextConferenceRequestId = ({ conferenceData }: WithConference, first: string): string => {
  if (!conferenceData) return first;
  const previous = conferenceData.createRequest?.requestId ?? first;
  const round = previous.startsWith(`${first}-`) ? Number(previous.slice(first.length + 1)) : 1;
  return `${first}-${round + 1}`;
};
