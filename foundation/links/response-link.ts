/**
 * The links in invitations. The last part of `/r/{id}` is a short id, whose invitation is stored. The messages of earlier
 * versions contain `/respond/{token}`: the token names the invitation and proves that this service created it. Neither
 * contains personal data, and both open only the page on which this invitation is accepted or declined.
 */
import { z } from 'zod';
import type { AuditionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import { auditionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { createLinkDigest, shortIdOf } from './short-id.ts';
import { createTokenSigner } from './signed-token.ts';

/**
 * The invitation of a link. `revision` is the revision of the slot: after a move, the link of the old slot is
 * stale.
 */
export interface Invitation {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
  readonly revision: number;
  /** The generation of the participant: the link of a person who has left is not valid for the next one with the same id. */
  readonly generation?: number | undefined;
}

export interface ResponseLinkIds {
  /** Returns the id of a link, of 17 characters. The same invitation always gets the same id under the same key. */
  of(invitation: Invitation): string;
}

/** The tokens of earlier versions. */
export interface ResponseLinks {
  /** Creates a token, which is safe in a URL path. The same invitation always gets the same token. */
  token(invitation: Invitation): string;
  /**
   * Returns undefined for a token that this service did not create. Tokens signed with an older key of the
   * ring stay valid.
   */
  verify(token: string): Invitation | undefined;
}

const number = z.coerce.number().int().min(1);
/** Without a generation in the links of earlier versions, and in those of participants of the request. */
const invitationSchema = z.tuple([
  organizationIdSchema,
  auditionIdSchema,
  participantIdSchema,
  number,
  number.optional(),
]);

const read = (fields: readonly string[] | undefined): Invitation | undefined => {
  const parsed = invitationSchema.safeParse(fields);
  if (!parsed.success) return undefined;
  const [organization, auditionId, participant, revision, generation] = parsed.data;
  return {
    organization,
    auditionId,
    participant,
    revision,
    ...(generation === undefined ? {} : { generation }),
  };
};

/**
 * Creates the derivation of ids. Uses the newest key of the ring only: ids that were derived under older keys are stored.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createResponseLinkIds = (
  masterKeys: readonly { readonly key: Uint8Array }[],
): ResponseLinkIds => {
  const digest = createLinkDigest(masterKeys, 'castmatch response link id v1');
  return {
    of: ({ organization, auditionId, participant, revision, generation = 0 }) =>
      shortIdOf(digest(organization, auditionId, participant, revision, generation)),
  };
};

/**
 * Creates and verifies the tokens of earlier versions. Signs with the newest key of the ring and verifies with every key.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createResponseLinks = (masterKeys: readonly { readonly key: Uint8Array }[]): ResponseLinks => {
  const tokens = createTokenSigner(masterKeys, 'castmatch response link v1');
  return {
    token: ({ organization, auditionId, participant, revision, generation }) =>
      tokens.sign([
        organization,
        auditionId,
        participant,
        String(revision),
        ...(generation === undefined ? [] : [String(generation)]),
      ]),
    verify: (token) => read(tokens.verify(token)),
  };
};
