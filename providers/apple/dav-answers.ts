/** Sends requests with `tsdav`. */
import { type DAVResponse, davRequest } from 'tsdav';
import { z } from 'zod';
import { textValue } from './dav-values.ts';

const hrefsSchema = z.array(textValue);

/**
 * Sends a request, and returns an answer for each resource. One response can be about several resources with the same status (RFC
 * 4918, section 14.24).
 */
export const requestAnswers = async (
  ...request: Parameters<typeof davRequest>
): Promise<readonly DAVResponse[]> => (await davRequest(...request)).flatMap(eachOf);

const eachOf = (answer: DAVResponse): readonly DAVResponse[] => {
  const hrefs = hrefsSchema.safeParse(answer.href);
  return hrefs.success ? hrefs.data.map((href) => ({ ...answer, href })) : [answer];
};
