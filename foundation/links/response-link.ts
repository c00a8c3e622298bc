/**
 * The token in an invitation's link: says which invitation is answered, and proves that we wrote it. It names no
 * person and opens nothing but the one page on which this invitation is accepted or declined.
 */
import { z } from 'zod';
import type { AuditionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import { auditionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { createTokenSigner } from './signed-token.ts';

/** The invitation that a link answers. `revision` is the slot's: after a move, the link of the old slot is stale. */
export interface Invitation {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
  readonly revision: number;
}

export interface ResponseLinks {
  /** Safe in a URL's path as it is. The same invitation always gets the same token, so a resent notice is equal. */
  token(invitation: Invitation): string;
  /** Undefined for what we did not write. A token made under an older key of the ring is still good. */
  verify(token: string): Invitation | undefined;
}

const invitationSchema = z.tuple([
  organizationIdSchema,
  auditionIdSchema,
  participantIdSchema,
  z.coerce.number().int().min(1),
]);

const read = (fields: readonly string[] | undefined): Invitation | undefined => {
  const parsed = invitationSchema.safeParse(fields);
  if (!parsed.success) return undefined;
  const [organization, auditionId, participant, revision] = parsed.data;
  return { organization, auditionId, participant, revision };
};

/**
 * Writes tokens with the newest key of the ring and reads those of every key in it.
 *
 * @param masterKeys newest first, as the configuration holds them
 * @throws RangeError when the ring is empty
 */
export const createResponseLinks = (masterKeys: readonly { readonly key: Uint8Array }[]): ResponseLinks => {
  const tokens = createTokenSigner(masterKeys, 'castmatch response link v1');
  return {
    token: ({ organization, auditionId, participant, revision }) =>
      tokens.sign([organization, auditionId, participant, String(revision)]),
    verify: (token) => read(tokens.verify(token)),
  };
};
