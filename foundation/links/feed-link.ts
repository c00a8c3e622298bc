/**
 * Creates and verifies the token in the address of a participant's subscription feed. It opens the calendar of this
 * participant at this organization, read-only, until the address is rotated or revoked.
 */
import { z } from 'zod';
import {
  type OrganizationId,
  organizationIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import { createTokenSigner } from './signed-token.ts';

interface FeedLink {
  readonly organization: OrganizationId;
  readonly participant: ParticipantId;
  /** The database knows which generation is valid. */
  readonly generation: number;
}

export interface FeedLinks {
  /** Creates a token, which is safe in a URL path. The same feed always gets the same token. */
  token(link: FeedLink): string;
  /**
   * Returns undefined for a token that this service did not create. Tokens signed with an older key of the ring stay
   * valid.
   */
  verify(token: string): FeedLink | undefined;
}

const linkSchema = z.tuple([organizationIdSchema, participantIdSchema, z.coerce.number().int().min(1)]);

/**
 * Creates and verifies feed links. Signs with the newest key of the ring and verifies with every key.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createFeedLinks = (masterKeys: readonly { readonly key: Uint8Array }[]): FeedLinks => {
  const tokens = createTokenSigner(masterKeys, 'castmatch feed link v1');
  return {
    token: ({ organization, participant, generation }) =>
      tokens.sign([organization, participant, String(generation)]),
    verify: (token) => {
      const parsed = linkSchema.safeParse(tokens.verify(token));
      if (!parsed.success) return undefined;
      const [organization, participant, generation] = parsed.data;
      return { organization, participant, generation };
    },
  };
};
