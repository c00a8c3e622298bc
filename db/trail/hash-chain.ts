/** Computes the hash chain of the audit trail. Each hash covers its event and the previous hash. */
import canonicalize from 'canonicalize';
import type { AuditionId } from '../../domain/ids.ts';
import { sha256 } from '../digest.ts';

/** The previous hash of the first event. */
export const genesisHash = '0'.repeat(64);

interface Link {
  readonly auditionId: AuditionId;
  readonly sequence: number;
  readonly at: string;
  readonly correlationId: string;
  /** Null or absent in events of earlier versions: then it is not part of the hash. */
  readonly principal?: string | null | undefined;
  readonly fact: unknown;
  readonly previousHash: string;
}

interface ChainLink {
  readonly previousHash: string;
  readonly hash: string;
}

/** Returns the SHA-256 of the link's canonical JSON (RFC 8785). It does not depend on the key order in the database. */
export const hashOf = ({
  auditionId,
  sequence,
  at,
  correlationId,
  principal,
  fact,
  previousHash,
}: Link): string => {
  const named = principal === null || principal === undefined ? {} : { principal };
  const text = canonicalize({ auditionId, sequence, at, correlationId, ...named, fact, previousHash });
  if (text === undefined) throw new TypeError('the link cannot be serialized as canonical JSON');
  return sha256(text);
};

/** Returns the events, as they are stored, as links of the chain. `previousHash` is the hash of the last stored event. */
export const chainEvents = <Event extends Omit<Link, 'auditionId' | 'previousHash'>>(
  auditionId: AuditionId,
  previousHash: string,
  events: readonly Event[],
): readonly (Event & ChainLink)[] => {
  const links: (Event & ChainLink)[] = [];
  let last = previousHash;
  for (const event of events) {
    const hash = hashOf({ auditionId, ...event, previousHash: last });
    links.push({ ...event, previousHash: last, hash });
    last = hash;
  }
  return links;
};
