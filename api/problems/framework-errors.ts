/** Translates errors of Fastify into refusals. */
import { z } from 'zod';
import { Refusal, type RefusalCode } from '../../domain/errors.ts';

const frameworkError = z.object({ code: z.string().optional(), statusCode: z.int().optional() });

/** The code and texts of a refusal. */
export interface ProblemText {
  readonly code: RefusalCode;
  readonly message: string;
  readonly whatToDo: string;
}

const notJson: ProblemText = {
  code: 'invalid_body',
  message: 'The body is not valid JSON.',
  whatToDo: 'Send one JSON document, in UTF-8, with the header Content-Type: application/json.',
};
export const noSuchAddress: ProblemText = {
  code: 'not_found',
  message: 'No route matches this address.',
  whatToDo: 'See /docs for the available routes.',
};

/** Creates a refusal from its texts. */
export const refusalFrom = ({ code, message, whatToDo }: ProblemText): Refusal =>
  new Refusal(code, message, whatToDo);

/** By Fastify's error codes (its reference, "Errors"). */
const problemTexts: Readonly<Record<string, ProblemText>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    message: 'The body has a media type that this route does not accept.',
    whatToDo: 'Send JSON with the header Content-Type: application/json.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'body_too_large',
    message: 'The body is larger than 256 KiB.',
    whatToDo: 'Send a smaller body; requests never contain files.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: notJson,
  FST_ERR_CTP_INVALID_JSON_BODY: notJson,
  FST_ERR_BAD_URL: noSuchAddress,
  FST_ERR_ASYNC_CONSTRAINT: noSuchAddress,
};

/** Returns the refusal for an error of Fastify; undefined when the caller did not cause it. */
export const frameworkRefusal = (error: unknown): Refusal | undefined => {
  const { code, statusCode } = frameworkError.safeParse(error).data ?? {};
  const text = problemTexts[code ?? ''] ?? (statusCode === 400 ? notJson : undefined);
  return text && refusalFrom(text);
};
