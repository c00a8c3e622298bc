/**
 * Creates and verifies the token in the address of a file of a recording. It opens this file, read-only, until it expires.
 * It names whom it was made for, so that each access can be recorded.
 */
import { z } from 'zod';
import {
  type OrganizationId,
  organizationIdSchema,
  type RecordingId,
  recordingIdSchema,
} from '../../domain/ids.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { type LinkMinter, linkMinterSchema } from './link-minter.ts';
import { createTokenSigner } from './signed-token.ts';

interface RecordingLink {
  readonly organization: OrganizationId;
  readonly recording: RecordingId;
  readonly file: string;
  /** Whom the link was made for. One line. */
  readonly principal: string;
  readonly expiresAt: Instant;
  /** Undefined in links of earlier versions, which were valid for a day at most. */
  readonly minter?: LinkMinter | undefined;
}

export interface RecordingLinks {
  /** Creates a token, which is safe in a URL path. */
  token(link: RecordingLink): string;
  /**
   * Returns undefined for a token that this service did not create. Tokens signed with an older key of the ring stay valid.
   * The caller compares `expiresAt` with the clock.
   */
  verify(token: string): RecordingLink | undefined;
}

const linkSchema = z.tuple([
  organizationIdSchema,
  recordingIdSchema,
  z.string(),
  z.string().regex(/^[^\r\n]*$/),
  instantSchema,
  linkMinterSchema.shape.role.optional(),
  linkMinterSchema.shape.id.optional(),
]);

/**
 * Creates and verifies links to recordings. Signs with the newest key of the ring and verifies with every key.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createRecordingLinks = (masterKeys: readonly { readonly key: Uint8Array }[]): RecordingLinks => {
  const tokens = createTokenSigner(masterKeys, 'castmatch recording link v1');
  return {
    token: ({ organization, recording, file, principal, expiresAt, minter }) =>
      tokens.sign([
        organization,
        recording,
        file,
        principal,
        expiresAt,
        ...(minter ? [minter.role, minter.id] : []),
      ]),
    verify: (token) => {
      const parsed = linkSchema.safeParse(tokens.verify(token));
      if (!parsed.success) return undefined;
      const [organization, recording, file, principal, expiresAt, role, id] = parsed.data;
      const minter = role !== undefined && id !== undefined ? { role, id } : undefined;
      return { organization, recording, file, principal, expiresAt, ...(minter && { minter }) };
    },
  };
};
