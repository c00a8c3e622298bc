/** Reads answers of servers that a person has named, up to a size. */

/** The body is larger than the limit. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * Returns the body of a response. `fetch` has already decompressed it, so the limit also bounds compressed answers.
 *
 * @param longest in bytes.
 * @throws {AnswerTooLarge}
 */
export const readLimited = async (response: Response, longest: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > longest) throw new AnswerTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
