import type { TrailCodes } from './trail-codes.ts';
import type { TrailTexts } from './trail-texts.ts';

/** What protects the rows of a trail: the sealing of their texts, and their authentication codes. */
export interface TrailProtection {
  readonly texts: TrailTexts;
  readonly codes: TrailCodes;
}
