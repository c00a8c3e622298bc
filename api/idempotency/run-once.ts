/** Deduplicates requests by their `Idempotency-Key`: a repeated request gets the stored response. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { AcceptedCommand, IdempotentRequests } from '../../db/access/idempotent-requests.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { problemKinds } from '../problems/catalogue.ts';

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'use 1 to 255 visible ASCII characters')
    .optional()
    .describe(
      'Chosen by you, one for each operation. The same request with the same key is carried out once',
    ),
});

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
  /** Not final: the response is not stored, and a repeated request runs again. */
  readonly provisional?: boolean;
  /** With `provisional`: the command was accepted. A repeated request finds its result in the trail. */
  readonly accepted?: AcceptedCommand;
}

/** What earlier requests under the same key have achieved. */
export interface Attempt {
  readonly accepted?: AcceptedCommand | undefined;
}

interface KeyedRequest {
  readonly organization: OrganizationId;
  /** The method and path. A key is scoped to its route. */
  readonly route: string;
  /** Without a key the request runs each time, and no response is stored. */
  readonly key: string | undefined;
  readonly body: unknown;
}

/** @param what the request, as the subject of a sentence */
export const keyMissing = (what: string): Refusal =>
  new Refusal(
    'idempotency_key_missing',
    `${what} requires the header Idempotency-Key.`,
    'Choose a key for this request, such as a UUID, and send the same key whenever you repeat the request.',
  );

const reused = (): Refusal =>
  new Refusal(
    'idempotency_key_reused',
    'This Idempotency-Key was used before with another body.',
    'Use a new key for a new request, or the original body to repeat the earlier request.',
  );

const erased = (): Refusal =>
  new Refusal(
    'response_erased',
    'The request was carried out, and its response is no longer stored: it was erased with a person of its audition, or is too old.',
    'Read the audition instead, or use a new key for a new request.',
  );

/** SHA-256 of the canonical JSON (RFC 8785), so that the order of fields does not matter. */
const hashOf = (body: unknown): string =>
  createHash('sha256')
    .update(canonicalize(body) ?? '')
    .digest('hex');

/**
 * Runs `run`, or returns the stored response of an earlier request with the same key. `run` must be idempotent itself:
 * two simultaneous requests both run it, and so does a repeated request after a crash.
 *
 * A refusal with a status below 500 means that `run` had no effect, so the key is released. The key stays bound to the
 * body when the same request was sent before or simultaneously, or after an outage: its effect is then unknown.
 * @throws {Refusal} `idempotency_key_reused` for another body under the same key; whatever `run` throws.
 */
export const runOnce = async (
  requests: IdempotentRequests,
  { organization, route, key, body }: KeyedRequest,
  run: (attempt: Attempt) => Promise<ApiResponse>,
): Promise<ApiResponse & { readonly replayed: boolean }> => {
  if (key === undefined) return { ...(await run({})), replayed: false };
  const scopedKey = `${route} ${key}`;
  const entry = await requests.begin({ organization, key: scopedKey, requestHash: hashOf(body) });
  switch (entry.kind) {
    case 'other_request':
      throw reused();
    case 'erased':
      throw erased();
    case 'answered':
      return { status: entry.status, body: entry.body, replayed: true };
    case 'new': {
      const releaseKey = async () => {
        if (entry.claim !== undefined) await requests.discard(organization, scopedKey, entry.claim);
      };
      const response = await releaseKeyIfRefused(() => run({ accepted: entry.accepted }), releaseKey);
      if (!response.provisional) await requests.storeResponse(organization, scopedKey, response);
      else if (response.accepted) await requests.markAccepted(organization, scopedKey, response.accepted);
      return { ...response, replayed: false };
    }
  }
};

const releaseKeyIfRefused = async (
  run: () => Promise<ApiResponse>,
  releaseKey: () => Promise<void>,
): Promise<ApiResponse> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal && problemKinds[error.code].status < 500) await releaseKey();
    throw error;
  }
};
