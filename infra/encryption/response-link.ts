/**
 * The token in an invitation's link: says which invitation is answered, and proves that we wrote it. It names no
 * person and opens nothing but the one page on which this invitation is accepted or declined.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { AuditionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import { auditionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';

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

/** 128 bits of the HMAC: half of SHA-256, the least that RFC 2104 section 5 recommends, and short enough for an SMS. */
const macBytes = 16;

const invitationSchema = z.tuple([
  organizationIdSchema,
  auditionIdSchema,
  participantIdSchema,
  z.coerce.number().int().min(1),
]);

/** One secret per master key (HKDF, RFC 5869), so that the key itself is used for nothing but sealing. */
const linkSecret = (masterKey: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, '', 'castmatch response link v1', 32));

const macOf = (secret: Buffer, content: string): Buffer =>
  createHmac('sha256', secret).update(content).digest().subarray(0, macBytes);

const read = (content: string): Invitation | undefined => {
  const parsed = invitationSchema.safeParse(Buffer.from(content, 'base64url').toString('utf8').split('\n'));
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
  const secrets = masterKeys.map(({ key }) => linkSecret(key));
  const [newest] = secrets;
  if (!newest) throw new RangeError('response links need at least one master key');
  return {
    token: ({ organization, auditionId, participant, revision }) => {
      const fields = [organization, auditionId, participant, String(revision)].join('\n');
      const content = Buffer.from(fields, 'utf8').toString('base64url');
      return `${content}.${macOf(newest, content).toString('base64url')}`;
    },
    verify: (token) => {
      const [content, mac, ...rest] = token.split('.');
      if (content === undefined || mac === undefined || rest.length > 0) return undefined;
      const given = Buffer.from(mac, 'base64url');
      if (given.length !== macBytes) return undefined;
      return secrets.some((secret) => timingSafeEqual(macOf(secret, content), given))
        ? read(content)
        : undefined;
    },
  };
};
