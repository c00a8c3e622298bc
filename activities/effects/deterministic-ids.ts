/** Ids that follow from what they name, so that a second attempt, on another machine, arrives at the same ones. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CalendarRef } from '../../domain/audition/request.ts';
import type { AuditionId } from '../../domain/ids.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** SHA-256 of the request as canonical JSON (RFC 8785): the order of its keys does not matter. */
export const requestHash = (request: unknown): string => sha256(canonicalize(request) ?? '');

/**
 * The id of an audition's event in one calendar, whoever writes it: the step that makes the Meet conference and the
 * step that fills the calendar meet in one event. Hex digits are within Google's [0-9a-v].
 */
export const eventIdFor = (
  auditionId: AuditionId,
  { connection, calendarId }: Pick<CalendarRef, 'connection' | 'calendarId'>,
): string => sha256(`event\n${auditionId}\n${connection}\n${calendarId}`).slice(0, 40);

/** What a meeting carries at a provider that can only be searched; names the audition for whoever reads it there. */
export const meetingReference = (auditionId: AuditionId, key: string): string =>
  `${auditionId}:${sha256(`meeting\n${key}`).slice(0, 24)}`;

/** RFC 5322 Message-ID of the notice with this key. */
export const messageIdFor = (key: string): string => `<${sha256(`message\n${key}`).slice(0, 40)}@castmatch>`;

const base32 = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/**
 * Six characters that set a text message apart from every other one to the same number: SMS has no idempotency key,
 * so the body itself is made to be one.
 */
export const textReference = (key: string): string =>
  [...createHash('sha256').update(`text\n${key}`).digest().subarray(0, 6)]
    .map((byte) => base32.charAt(byte % base32.length))
    .join('');
