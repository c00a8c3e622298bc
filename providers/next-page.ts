/** Reads where a list of a vendor continues. */
import { z } from 'zod';

/**
 * The token of the next page, or its link. Null and an empty text mean the last page, as an absent field does: the JSON form of
 * Google's messages can state a field with its default (https://protobuf.dev/programming-guides/json/). A field of any other form
 * fails the answer: a list that is taken for complete would remove the events of its other pages.
 */
export const nextPageField = z
  .union([z.string(), z.int().transform(String)])
  .nullish()
  .transform((text) => text || undefined);
