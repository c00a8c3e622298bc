/** What Fastify itself refuses, in our words. */
import { z } from 'zod';
import { Refusal, type RefusalCode } from '../../domain/errors.ts';

const frameworkError = z.object({ code: z.string().optional(), statusCode: z.int().optional() });

/** A problem without its occurrence: what a refusal says. */
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
  message: 'There is nothing at this address.',
  whatToDo: 'See /docs for the addresses there are.',
};

export const refusalFrom = ({ code, message, whatToDo }: ProblemText): Refusal =>
  new Refusal(code, message, whatToDo);

/** By Fastify's error codes (its reference, "Errors"). */
const problemTexts: Readonly<Record<string, ProblemText>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    message: 'The body is of a media type that this address does not take.',
    whatToDo: 'Send JSON with the header Content-Type: application/json.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'body_too_large',
    message: 'The body is larger than 256 KiB.',
    whatToDo: 'Send less; files are never part of a request.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: notJson,
  FST_ERR_CTP_INVALID_JSON_BODY: notJson,
  FST_ERR_BAD_URL: noSuchAddress,
  FST_ERR_ASYNC_CONSTRAINT: noSuchAddress,
};

/** Undefined for what is no fault of the caller. */
export const frameworkRefusal = (error: unknown): Refusal | undefined => {
  const { code, statusCode } = frameworkError.safeParse(error).data ?? {};
  const known = problemTexts[code ?? ''] ?? (statusCode === 400 ? notJson : undefined);
  return known && refusalFrom(known);
};
