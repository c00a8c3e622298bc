/** Requests that carry an `Idempotency-Key` are answered once; whoever sends one again gets that answer again. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { IdempotentRequests } from '../../db/access/idempotent-requests.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { problemKinds } from '../problems/catalogue.ts';

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'use 1 to 255 visible ASCII characters')
    .optional()
    .describe(
      'Chosen by you, one for each thing you want done: sent again, the same request is not done again',
    ),
});

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
  /** Not the last word: it is not kept, and whoever comes again looks again. */
  readonly provisional?: boolean;
}

interface KeyedRequest {
  readonly organization: OrganizationId;
  /** The method and path; a key is free to be used again elsewhere. */
  readonly route: string;
  /** Without a key the request runs each time, and no answer is kept. */
  readonly key: string | undefined;
  readonly body: unknown;
}

const reused = (): Refusal =>
  new Refusal(
    'idempotency_key_reused',
    'This Idempotency-Key came with another body before.',
    'Use a new key for a new request, and the old body to repeat the old one.',
  );

/** SHA-256 of the canonical JSON (RFC 8785): the order of fields makes no other request. */
const hashOf = (body: unknown): string =>
  createHash('sha256')
    .update(canonicalize(body) ?? '')
    .digest('hex');

/**
 * Runs `run` unless its answer is there already. `run` must be idempotent itself: two requests that come at once
 * both run it, and so does one that comes after a crash. What it refuses is taken to have had no effect, and the key
 * is free again, unless the same request had come before or comes meanwhile: what became of that one, nobody knows
 * here. After an outage nobody knows either, and the key stays bound to this body.
 */
export const runOnce = async (
  requests: IdempotentRequests,
  { organization, route, key, body }: KeyedRequest,
  run: () => Promise<ApiResponse>,
): Promise<ApiResponse & { readonly replayed: boolean }> => {
  if (key === undefined) return { ...(await run()), replayed: false };
  const scopedKey = `${route} ${key}`;
  const begun = await requests.begin({ organization, key: scopedKey, requestHash: hashOf(body) });
  switch (begun.kind) {
    case 'other_request':
      throw reused();
    case 'answered':
      return { status: begun.status, body: begun.body, replayed: true };
    case 'new': {
      const releaseKey = async () => {
        if (begun.claim !== undefined) await requests.discard(organization, scopedKey, begun.claim);
      };
      const answer = await releaseKeyIfRefused(run, releaseKey);
      if (!answer.provisional) await requests.storeResponse(organization, scopedKey, answer);
      return { ...answer, replayed: false };
    }
  }
};

const releaseKeyIfRefused = async (
  run: () => Promise<ApiResponse>,
  free: () => Promise<void>,
): Promise<ApiResponse> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal && problemKinds[error.code].status < 500) await free();
    throw error;
  }
};
