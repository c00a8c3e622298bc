/**
 * Derives the ids of join links: the last part of `/j/{id}`. An id is opaque and short enough for a text message. What it
 * stands for is stored, so that a link can be revoked.
 */
import { createHmac, hkdfSync } from 'node:crypto';
import { isIP } from 'node:net';
import type { AuditionId, ParticipantId } from '../../domain/ids.ts';

/** The owner of a link. Without a participant, it is the link of the audition, which calendar events contain. */
interface JoinLinkOwner {
  readonly auditionId: AuditionId;
  readonly participant?: ParticipantId | undefined;
  /** Incremented when a link is issued after an earlier one was revoked. */
  readonly generation: number;
}

export interface JoinLinkIds {
  /** Returns the id of a link, of at most 17 characters. The same owner always gets the same id under the same key. */
  of(owner: JoinLinkOwner): string;
  /**
   * Returns a short name for the network of an address (IPv4 /24, IPv6 /48). It distinguishes networks within an audition,
   * and cannot be converted back to an address without the key.
   */
  networkOf(auditionId: AuditionId, address: string): string;
}

/** 96 bits: a valid id cannot be found by trying, even without the rate limit. */
const idBytes = 12;
const idLength = 17;
const networkLength = 6;

/** Without letters and digits that look alike: people read ids out. No `-` or `_`: some programs cut links before them. */
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

const encode = (bytes: Uint8Array, length: number): string => {
  const base = BigInt(alphabet.length);
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  while (text.length < length) {
    text = `${alphabet[Number(value % base)]}${text}`;
    value /= base;
  }
  return text;
};

const networkPrefixOf = (address: string): string => {
  switch (isIP(address)) {
    case 4:
      return address.split('.').slice(0, 3).join('.');
    case 6:
      return address.split(':').slice(0, 3).join(':');
    default:
      return 'unknown';
  }
};

/**
 * Creates the derivation. Uses the newest key of the ring only: ids that were derived under older keys are stored.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createJoinLinkIds = (masterKeys: readonly { readonly key: Uint8Array }[]): JoinLinkIds => {
  const [newest] = masterKeys;
  if (!newest) throw new RangeError('join links need at least one master key');
  const secret = Buffer.from(hkdfSync('sha256', newest.key, '', 'castmatch join link v1', 32));
  const digest = (...parts: readonly string[]): Buffer =>
    createHmac('sha256', secret).update(parts.join('\n')).digest();
  return {
    of: ({ auditionId, participant, generation }) =>
      encode(
        digest('link', auditionId, participant ?? '', String(generation)).subarray(0, idBytes),
        idLength,
      ),
    networkOf: (auditionId, address) =>
      encode(digest('network', auditionId, networkPrefixOf(address)).subarray(0, 4), networkLength),
  };
};
