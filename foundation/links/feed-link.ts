/**
 * Creates and verifies the token in the address of a subscription feed: of a participant, or of a session block. It opens
 * this calendar of this organization, read-only, until the address is rotated or revoked.
 */
import { z } from 'zod';
import {
  type OrganizationId,
  organizationIdSchema,
  type ParticipantId,
  participantIdSchema,
  type SessionBlockId,
  sessionBlockIdSchema,
} from '../../domain/ids.ts';
import { createTokenSigner } from './signed-token.ts';

interface FeedLink {
  readonly organization: OrganizationId;
  readonly participant: ParticipantId;
  /** The database knows which generation is valid. */
  readonly generation: number;
}

interface SessionFeedLink extends Pick<FeedLink, 'organization' | 'generation'> {
  readonly block: SessionBlockId;
}

interface Links<Link> {
  /** Creates a token, which is safe in a URL path. The same feed always gets the same token. */
  token(link: Link): string;
  /**
   * Returns undefined for a token that this service did not create. Tokens signed with an older key of the ring stay
   * valid.
   */
  verify(token: string): Link | undefined;
}
export type FeedLinks = Links<FeedLink>;
export type SessionFeedLinks = Links<SessionFeedLink>;

type KeyRing = readonly { readonly key: Uint8Array }[];

const generationSchema = z.coerce.number().int().min(1);
const linkSchema = z.tuple([organizationIdSchema, participantIdSchema, generationSchema]);
const sessionLinkSchema = z.tuple([organizationIdSchema, sessionBlockIdSchema, generationSchema]);

/**
 * Creates and verifies the links to feeds of participants. Signs with the newest key of the ring and verifies with every
 * key.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createFeedLinks = (masterKeys: KeyRing): FeedLinks => {
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

/**
 * Creates and verifies the links to feeds of session blocks. Their tokens are signed with another key, so that no token of
 * one kind is valid for the other.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createSessionFeedLinks = (masterKeys: KeyRing): SessionFeedLinks => {
  const tokens = createTokenSigner(masterKeys, 'castmatch session feed link v1');
  return {
    token: ({ organization, block, generation }) => tokens.sign([organization, block, String(generation)]),
    verify: (token) => {
      const parsed = sessionLinkSchema.safeParse(tokens.verify(token));
      if (!parsed.success) return undefined;
      const [organization, block, generation] = parsed.data;
      return { organization, block, generation };
    },
  };
};
