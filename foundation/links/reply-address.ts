/**
 * Creates and verifies the addresses to which calendar programs send answers to invitations by email: `replies+tag@…`. The
 * tag authenticates the invitation. A forged sender does not know it, because only the invited participant has received it.
 */
import type { AuditionId, ParticipantId } from '../../domain/ids.ts';
import { createMacs } from './signed-token.ts';

interface Invitee {
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
  /** The generation of the participant. Absent for participants of the request. */
  readonly generation?: number | undefined;
}

export interface ReplyAddresses {
  /** Returns the address. The same person of an audition always gets the same one, until the newest key changes. */
  of(invitee: Invitee): string;
  /** Returns the tags of those addresses that have the form of a reply address. Some mail servers change the case. */
  tagsIn(addresses: readonly string[]): readonly string[];
  /** Returns whether this service has created the tag for the invitee. Tags of older keys of the ring stay valid. */
  isTagOf(tag: string, invitee: Invitee): boolean;
}

/** RFC 4648, section 6, in lower case: the local part of an address has at most 64 octets, and no reliable case. */
const base32 = 'abcdefghijklmnopqrstuvwxyz234567';
const tagLength = 26;

const encode = (bytes: Uint8Array): string => {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => base32[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
};

const contentOf = ({ auditionId, participant, generation }: Invitee): string =>
  [auditionId, participant, ...(generation === undefined ? [] : [generation])].join('\n');

/**
 * Creates the addresses. Signs with the newest key of the ring and verifies with every key.
 *
 * @param masterKeys newest first, as in the configuration.
 * @param address the address without a tag.
 * @throws {RangeError} when the key ring is empty.
 */
export const createReplyAddresses = (
  masterKeys: readonly { readonly key: Uint8Array }[],
  address: string,
): ReplyAddresses => {
  const macs = createMacs(masterKeys, 'castmatch reply address v1', encode);
  const at = address.lastIndexOf('@');
  const [name, domain] = [address.slice(0, at).toLowerCase(), address.slice(at + 1).toLowerCase()];
  return {
    of: (invitee) => `${name}+${macs.newest(contentOf(invitee))}@${domain}`,
    tagsIn: (addresses) => [
      ...new Set(
        addresses.flatMap((text) => {
          const candidate = text.trim().toLowerCase();
          const tag = candidate.slice(name.length + 1, name.length + 1 + tagLength);
          return candidate === `${name}+${tag}@${domain}` && /^[a-z2-7]{26}$/.test(tag) ? [tag] : [];
        }),
      ),
    ],
    isTagOf: (tag, invitee) => macs.matches(contentOf(invitee), tag),
  };
};
