/**
 * Derives the ids of join links: the last part of `/j/{id}`. An id is opaque and short enough for a text message. What it
 * stands for is stored, so that a link can be revoked.
 */
import { isIP } from 'node:net';
import type { AuditionId, ParticipantId } from '../../domain/ids.ts';
import { createLinkDigest, encodeShort, shortIdOf } from './short-id.ts';

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

const networkLength = 6;

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
  const digest = createLinkDigest(masterKeys, 'castmatch join link v1');
  return {
    of: ({ auditionId, participant, generation }) =>
      shortIdOf(digest('link', auditionId, participant ?? '', generation)),
    networkOf: (auditionId, address) =>
      encodeShort(digest('network', auditionId, networkPrefixOf(address)).subarray(0, 4), networkLength),
  };
};
