/** Derives ids from the keys of what they identify, so that every attempt, on any machine, computes the same id. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { MeetingOwner } from '../../domain/audition/casting-session.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Returns the SHA-256 of the request as canonical JSON (RFC 8785). The order of its keys does not matter. */
export const requestHash = (request: unknown): string => sha256(canonicalize(request) ?? '');

/**
 * Returns the id of an audition's event, the same in each calendar: an event id is unique within its calendar only.
 * However a calendar is named, the audition has one event in it. The step that creates the Meet conference writes that
 * event too. The id consists of hex digits, a subset of the characters that Google allows ([0-9a-v]).
 */
export const eventIdFor = (owner: MeetingOwner): string => sha256(`event\n${owner}`).slice(0, 40);

/** Returns the id under which the step with this key requests a conference. The same id yields the same conference. */
export const conferenceRequestId = (key: string): string => sha256(`conference\n${key}`).slice(0, 40);

/**
 * Returns the reference that is stored in a meeting at a provider without idempotency keys. An attempt finds its
 * meeting by it. It starts with the id of the audition or of the casting session, so that an operator recognizes the meeting at the provider.
 */
export const meetingReference = (owner: MeetingOwner, key: string): string =>
  `${owner}:${sha256(`meeting\n${key}`).slice(0, 24)}`;

/**
 * Returns the reference of the registrant to whose address the join link leads. It is part of an address at the provider,
 * so it does not contain the link.
 */
export const registrantReference = (link: string): string =>
  `registrant-${sha256(`registrant\n${link}`).slice(0, 24)}`;

/** Returns the Message-ID (RFC 5322) of the notice with this key. */
export const messageIdFor = (key: string): string => `<${sha256(`message\n${key}`).slice(0, 40)}@castmatch>`;

const base32 = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/**
 * Returns six characters that distinguish a text message from every other message to the same number. SMS has no
 * idempotency key, so an attempt finds its message by this reference in the body.
 */
export const textReference = (key: string): string =>
  [...createHash('sha256').update(`text\n${key}`).digest().subarray(0, 6)]
    .map((byte) => base32.charAt(byte % base32.length))
    .join('');
