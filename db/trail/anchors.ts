/**
 * Anchors of the audit trail: files outside of the database that sign the ends of all trails. A trail that was rewritten, cut
 * off or restored from an older backup no longer has the ends that an anchor has signed. Each anchor names the one before it
 * and contains the ends that have changed since.
 */
import { z } from 'zod';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import type { TrailCodes } from './trail-codes.ts';
import type { AnchoredTrail, TrailEnd } from './verify.ts';

const version = 1;

const headerSchema = z.object({
  version: z.literal(version).describe('The version of the format'),
  at: instantSchema.describe('When the anchor was made'),
  previous: z.string().nullable().describe('The code of the anchor before this one; null for the first'),
});

const entrySchema = z.object({
  audition: auditionIdSchema.describe('The audition'),
  sequence: z.int().positive().describe('The sequence of the last event of its trail'),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('The hash of that event'),
  uncoded: z.int().nonnegative().optional().describe('How many events have no code. Absent for none'),
});

const footerSchema = z.object({ code: z.string().describe('The HMAC of all lines before this one') });

/** The end of one trail. */
export type AnchorEntry = z.infer<typeof entrySchema>;

/** A signed anchor. */
export interface TrailAnchor {
  readonly at: string;
  readonly previous: string | null;
  readonly entries: readonly AnchorEntry[];
  readonly code: string;
}

/** An anchor cannot be trusted, or one is missing. */
export class AnchorNotAuthentic extends Error {
  override readonly name = 'AnchorNotAuthentic';
}

/** Returns the text of an anchor, signed, and its code. */
export const writeAnchor = (
  codes: TrailCodes,
  { entries, ...header }: Omit<TrailAnchor, 'code'>,
): { readonly text: string; readonly code: string } => {
  const lines = [{ version, ...header }, ...entries].map((line) => `${JSON.stringify(line)}\n`);
  const content = lines.join('');
  const code = codes.ofAnchor(content);
  return { text: `${content}${JSON.stringify({ code })}\n`, code };
};

/**
 * Parses an anchor.
 * @param name names the anchor in errors
 * @throws {AnchorNotAuthentic} when the text is not an anchor, was altered, or is signed under a key that is not configured
 */
export const readAnchor = (codes: TrailCodes, text: string, name: string): TrailAnchor => {
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  const content = text.slice(0, end);
  const code = parseLine(footerSchema, text.slice(end), name).code;
  const verdict = codes.checkAnchor(content, code);
  if (verdict !== 'authentic') {
    throw new AnchorNotAuthentic(
      verdict === 'forged'
        ? `${name} was altered: its code does not belong to its content`
        : `${name} is signed under a key that is not configured: add the key to CASTMATCH_MASTER_KEYS`,
    );
  }
  const [first = '', ...lines] = content.trimEnd().split('\n');
  const { at, previous } = parseLine(headerSchema, first, name);
  return { at, previous, entries: lines.map((line) => parseLine(entrySchema, line, name)), code };
};

const parseLine = <Line>(schema: z.ZodType<Line>, line: string, name: string): Line => {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new AnchorNotAuthentic(`${name} is not an anchor of the audit trail: a line cannot be read`, {
      cause,
    });
  }
};

/** What all anchors together say. */
export interface AnchorBook {
  /** The anchors' newest, which the next one names. Undefined: there is none. */
  readonly newest: { readonly at: string; readonly code: string } | undefined;
  /** The auditions that have an anchored trail. */
  readonly auditions: ReadonlySet<AuditionId>;
  /** Returns what the anchors say about a trail. */
  of(auditionId: AuditionId): AnchoredTrail | undefined;
  /** Returns the last anchored end of a trail. */
  lastOf(auditionId: AuditionId): TrailEnd | undefined;
}

/**
 * Combines anchors.
 * @param anchors the oldest first
 * @throws {AnchorNotAuthentic} when one between them is missing
 */
export const combineAnchors = (anchors: readonly TrailAnchor[]): AnchorBook => {
  const trails = new Map<AuditionId, { readonly ends: TrailEnd[]; readonly maxUncoded: number }>();
  let previous: string | null = null;
  for (const anchor of anchors) {
    if (anchor.previous !== previous)
      throw new AnchorNotAuthentic(`an anchor before that of ${anchor.at} is missing: restore its file`);
    previous = anchor.code;
    const isFirst = anchor.previous === null;
    for (const { audition, sequence, hash, uncoded = 0 } of anchor.entries) {
      // Events without codes are those of earlier versions, which had ended when the first anchor was made.
      const trail = trails.get(audition) ?? { ends: [], maxUncoded: isFirst ? uncoded : 0 };
      trail.ends.push({ sequence, hash });
      trails.set(audition, trail);
    }
  }
  const newest = anchors.at(-1);
  return {
    newest,
    auditions: new Set(trails.keys()),
    of: (auditionId) => trails.get(auditionId) ?? (newest ? { ends: [], maxUncoded: 0 } : undefined),
    lastOf: (auditionId) => trails.get(auditionId)?.ends.at(-1),
  };
};
