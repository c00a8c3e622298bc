/** Sends requests with `tsdav`. */
import { type DAVResponse, davRequest } from 'tsdav';
import { z } from 'zod';
import { textValue } from './dav-values.ts';

const hrefsSchema = z.array(textValue);

/** A server that names its resources by what is no address (RFC 4918, section 14.7) cannot be followed. */
const namedSchema = z.array(
  z.object({
    href: z
      .string()
      .refine((href) => URL.canParse(href, 'https://server.invalid'))
      .optional(),
  }),
);

/**
 * Sends a request, and returns an answer for each resource. One response can be about several resources with the same status (RFC
 * 4918, section 14.24).
 *
 * @throws {ZodError} for an answer that names its resources by what is no address
 */
export const requestAnswers = async (
  ...request: Parameters<typeof davRequest>
): Promise<readonly DAVResponse[]> => {
  const answers = (await davRequest(...request)).flatMap(eachOf);
  namedSchema.parse(answers);
  return answers;
};

const eachOf = (answer: DAVResponse): readonly DAVResponse[] => {
  const hrefs = hrefsSchema.safeParse(answer.href);
  return hrefs.success ? hrefs.data.map((href) => ({ ...answer, href })) : [answer];
};
