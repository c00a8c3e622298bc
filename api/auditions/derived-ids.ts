/** Derives IDs from their inputs by hash, so that a repeated request gets the same ID. */
import { createHash, randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  type SessionBlockId,
  sessionBlockIdSchema,
} from '../../domain/ids.ts';

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** 26 characters of base32 carry 130 bits. */
const idLength = 26;

const suffixOf = (parts: readonly string[]): string =>
  BigInt(`0x${digest(parts)}`)
    .toString(32)
    .slice(-idLength);

const auditionIdOf = (...parts: readonly string[]): AuditionId =>
  auditionIdSchema.parse(`aud_${suffixOf(parts)}`);

const blockIdOf = (...parts: readonly string[]): SessionBlockId =>
  sessionBlockIdSchema.parse(`blk_${suffixOf(parts)}`);

/** Returns the ID of the session block that an organization creates under an Idempotency-Key. */
export const createdBlockId = (organization: OrganizationId, idempotencyKey: string): SessionBlockId =>
  blockIdOf('created', organization, idempotencyKey);

/** Returns the ID of the block that follows another one after a split under an Idempotency-Key. */
export const splitBlockId = (
  organization: OrganizationId,
  block: SessionBlockId,
  idempotencyKey: string,
): SessionBlockId => blockIdOf('split', organization, block, idempotencyKey);

/** Returns the ID of the audition that an organization requests under an Idempotency-Key. */
export const requestedAuditionId = (organization: OrganizationId, idempotencyKey: string): AuditionId =>
  auditionIdOf('requested', organization, idempotencyKey);

/**
 * Returns the ID of the next round (callback) of an audition. There is one for each decision. A reopened audition can
 * have decided for a callback before: its next round would otherwise have the ID of the `earlier` one.
 */
export const nextAuditionId = (id: AuditionId, earlier?: AuditionId): AuditionId =>
  auditionIdOf('next', id, ...(earlier === undefined ? [] : [earlier]));

/**
 * Returns the update ID of a command: random without an Idempotency-Key, otherwise derived, so that a repeated command
 * is carried out once. The hash includes the body, because a refused command can be corrected under the same key.
 */
export const updateIdOf = (
  id: AuditionId,
  command: string,
  { key, body }: { readonly key: string | undefined; readonly body: unknown },
): string => (key === undefined ? randomUUID() : digest([id, command, key, canonicalize(body) ?? '']));
