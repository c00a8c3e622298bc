/**
 * Sends requests to a CalDAV server that a person has named: through a guarded `fetch`, with a deadline and a limit on
 * the size of answers. It records every outcome, because the library `tsdav` reports neither statuses nor causes.
 */
import { readLimited } from '../http/limited-body.ts';
import { decodeAnswer, isCompleteAnswer, plainAnswer } from './answer-text.ts';
import { largestAnswer } from './settings.ts';

export type Fetch = typeof globalThis.fetch;

/** Returns a guarded `fetch`; `home` is the server that the password is meant for. */
export type FetchFor = (home: URL) => Fetch;

export type Outcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly url: URL;
      readonly retryAfter?: string;
      /** The beginning of the body of an error. */
      readonly problem?: string;
    }
  | { readonly kind: 'failed'; readonly error: unknown };

const problemLength = 4_000;

/** A list of resources ends in the middle: what is missing would seem to be deleted. */
export class IncompleteAnswer extends Error {
  override readonly name = 'IncompleteAnswer';
}

/** Wraps `fetch`: every request uses `signal`, and its outcome is appended to `outcomes`. Longer and incomplete answers are refused. */
export const recordingFetch =
  (fetch: Fetch, signal: AbortSignal, outcomes: Outcome[], longestAnswer = largestAnswer): Fetch =>
  async (input, init) => {
    try {
      const response = await fetch(input, { ...init, signal });
      const body = await readLimited(response, longestAnswer);
      const retryAfter = response.headers.get('retry-after');
      outcomes.push({
        kind: 'answered',
        status: response.status,
        url: new URL(response.url || addressOf(input)),
        ...(retryAfter !== null && { retryAfter }),
        ...(response.status >= 400 && { problem: body.toString('utf8', 0, problemLength) }),
      });
      return copyOf(response, body);
    } catch (error) {
      outcomes.push({ kind: 'failed', error });
      throw error;
    }
  };

/** Returns the answer with its address, and with XML that `tsdav` can read. */
const copyOf = (response: Response, body: Buffer): Response => {
  const { status, statusText, headers, url } = response;
  const isXml = headers.get('content-type')?.toLowerCase().includes('xml') === true;
  const content = isXml ? plainAnswer(documentOf(response, body)) : body;
  const copy = new Response(bodilessStatuses.has(status) ? null : content, { status, statusText, headers });
  Object.defineProperty(copy, 'url', { value: url });
  return copy;
};

/** @throws {IncompleteAnswer} */
const documentOf = ({ status, headers }: Response, body: Buffer): string => {
  const document = decodeAnswer(body, headers.get('content-type'));
  if (status === multistatus && !isCompleteAnswer(document)) throw new IncompleteAnswer();
  return document;
};

/** RFC 4918, section 11.1. */
const multistatus = 207;

/** Returns the address that a call of `fetch` requests. */
export const addressOf = (input: Parameters<Fetch>[0]): string => {
  if (typeof input === 'string') return input;
  return input instanceof URL ? input.href : input.url;
};

const bodilessStatuses: ReadonlySet<number> = new Set([204, 205, 304]);
