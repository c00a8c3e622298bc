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
import { createTokenSigner } from './signed-token.ts';

export interface RecordingLink {
  readonly organization: OrganizationId;
  readonly recording: RecordingId;
  readonly file: string;
  /** Whom the link was made for. One line. */
  readonly principal: string;
  readonly expiresAt: Instant;
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
    token: ({ organization, recording, file, principal, expiresAt }) =>
      tokens.sign([organization, recording, file, principal, expiresAt]),
    verify: (token) => {
      const parsed = linkSchema.safeParse(tokens.verify(token));
      if (!parsed.success) return undefined;
      const [organization, recording, file, principal, expiresAt] = parsed.data;
      return { organization, recording, file, principal, expiresAt };
    },
  };
};
