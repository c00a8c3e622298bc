/**
 * Computes the authentication codes of the audit trail: HMAC-SHA-256 under keys derived from the master keys, which are not in
 * the database. The hashes of a trail can be computed by anyone who can write its rows, its codes cannot.
 */
import { timingSafeEqual } from 'node:crypto';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';

/** What a code covers. The hash covers the event and, through the previous hash, all events before it. */
interface CodedEvent {
  readonly auditionId: string;
  readonly sequence: number;
  readonly organization: string;
  readonly hash: string;
  readonly number: number | null;
  readonly key: string | null;
  readonly runId: string | null;
}

/** `unknown_key`: the code names a key that is not configured. */
type CodeVerdict = 'authentic' | 'forged' | 'unknown_key';

export interface TrailCodes {
  /** Returns the code of an event under the newest key: `<key id>:<HMAC>`. */
  ofEvent(event: CodedEvent): string;
  /** Returns whether the code belongs to the event, under the key that it names. */
  checkEvent(event: CodedEvent, code: string): CodeVerdict;
  /** Returns the code of an anchor under the newest key. */
  ofAnchor(content: string): string;
  checkAnchor(content: string, code: string): CodeVerdict;
}

const textOf = ({ auditionId, sequence, organization, hash, number, key, runId }: CodedEvent): string =>
  JSON.stringify([auditionId, sequence, organization, hash, number, key, runId]);

/** Creates the codes from the master keys of the configuration. */
export const createTrailCodes = (wrapping: Pick<KeyWrapping, 'references'>): TrailCodes => {
  const events = wrapping.references('audit trail');
  const anchors = wrapping.references('audit trail anchor');
  return {
    ofEvent: (event) => events.newest(textOf(event)),
    checkEvent: (event, code) => check(events, textOf(event), code),
    ofAnchor: (content) => anchors.newest(content),
    checkAnchor: (content, code) => check(anchors, content, code),
  };
};

const check = (
  references: ReturnType<KeyWrapping['references']>,
  content: string,
  code: string,
): CodeVerdict => {
  const at = references.keyIds.findIndex((id) => code.startsWith(`${id}:`));
  if (at === -1) return 'unknown_key';
  const [given, wanted] = [Buffer.from(code), Buffer.from(references.all(content)[at] ?? '')];
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? 'authentic' : 'forged';
};
