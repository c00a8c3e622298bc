/** The entity tags of session blocks: a change names the version that its caller has read (RFC 9110, section 13.1.1). */
import { z } from 'zod';
import { Refusal } from '../../domain/errors.ts';
import type { SessionBlock } from '../../domain/session-blocks/session-block.ts';

export const versionHeaders = z.object({
  'if-match': z
    .string()
    .regex(/^(\*|"\d{1,9}")$/, 'send the ETag of the session block, such as "3"')
    .optional()
    .describe('The ETag of the version that you have read, or * for any version'),
});

/** Returns the entity tag of a block. */
export const etagOf = ({ version }: Pick<SessionBlock, 'version'>): string => `"${version}"`;

/** Returns the condition of a change. @throws {Refusal} `precondition_missing` */
export const requireCondition = (ifMatch: string | undefined): string => {
  if (ifMatch !== undefined) return ifMatch;
  throw new Refusal(
    'precondition_missing',
    'A change of a session block needs the header If-Match.',
    'Read the block, and send its ETag as If-Match. Then no change by another caller is overwritten.',
  );
};

/** Returns the version that the change is for. @throws {Refusal} `version_changed` */
export const requireVersion = (ifMatch: string, block: SessionBlock): number => {
  if (ifMatch !== '*' && ifMatch !== etagOf(block)) throw versionChanged(block);
  return block.version;
};

/** Returns the refusal of a change to an earlier version. */
export const versionChanged = ({ id, version }: Pick<SessionBlock, 'id' | 'version'>): Refusal =>
  new Refusal(
    'version_changed',
    `The session block ${id} has version ${version} now.`,
    'Read the block again, apply your change to it, and send its present ETag as If-Match.',
  );
