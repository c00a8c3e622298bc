/** Ids that follow from what they are for, so that whatever is repeated arrives at the same thing. */
import { createHash, randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type AuditionId, auditionIdSchema, type OrganizationId } from '../../domain/ids.ts';

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** 26 characters of base32 carry 130 bits. */
const idLength = 26;

const auditionIdOf = (...parts: readonly string[]): AuditionId =>
  auditionIdSchema.parse(
    `aud_${BigInt(`0x${digest(parts)}`)
      .toString(32)
      .slice(-idLength)}`,
  );

/** The audition that this organization asks for under this Idempotency-Key. */
export const requestedAuditionId = (organization: OrganizationId, idempotencyKey: string): AuditionId =>
  auditionIdOf('requested', organization, idempotencyKey);

/** The round after this one: an audition has one at most. */
export const nextAuditionId = (id: AuditionId): AuditionId => auditionIdOf('next', id);

/**
 * The id of the update that a command becomes: given twice under one key, it is carried out once. The body is part of
 * it, since a command that was refused may come again, changed, under the same key.
 */
export const updateIdOf = (
  id: AuditionId,
  command: string,
  { key, body }: { readonly key: string | undefined; readonly body: unknown },
): string => (key === undefined ? randomUUID() : digest([id, command, key, canonicalize(body) ?? '']));
