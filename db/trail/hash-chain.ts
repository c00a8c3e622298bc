/** The hash chain of the audit trail: each hash covers its event and the hash before it. */
import canonicalize from 'canonicalize';
import type { AuditionEvent } from '../../domain/audition/events.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { sha256 } from '../digest.ts';
import type { StoredEvent } from './stored-events.ts';

/** What the first event names as the hash before it. */
export const genesisHash = '0'.repeat(64);

interface Link {
  readonly auditionId: AuditionId;
  readonly sequence: number;
  readonly at: string;
  readonly correlationId: string;
  readonly fact: unknown;
  readonly previousHash: string;
}

/** SHA-256 over the canonical JSON (RFC 8785) of the link: the same whatever the order of the keys in the database. */
export const hashOf = ({ auditionId, sequence, at, correlationId, fact, previousHash }: Link): string => {
  const text = canonicalize({ auditionId, sequence, at, correlationId, fact, previousHash });
  if (text === undefined) throw new TypeError('the link has no canonical form');
  return sha256(text);
};

/** The events as links of the chain that so far ends in `previousHash`. */
export const chainEvents = (
  auditionId: AuditionId,
  previousHash: string,
  events: readonly AuditionEvent[],
): readonly StoredEvent[] => {
  const links: StoredEvent[] = [];
  let last = previousHash;
  for (const event of events) {
    const hash = hashOf({ auditionId, ...event, previousHash: last });
    links.push({ ...event, previousHash: last, hash });
    last = hash;
  }
  return links;
};
