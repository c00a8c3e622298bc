/**
 * A typed client of the CastMatch API. The types of all requests and answers are generated from its OpenAPI document
 * (`schema.ts`). A refusal is thrown as `ProblemError`, with the problem document of the API (RFC 9457).
 */
import createFetchClient, { type Client, type ClientOptions } from 'openapi-fetch';
import type { components, paths } from './schema.ts';

export type { components, operations, paths } from './schema.ts';
export type Problem = components['schemas']['Problem'];
export type Audition = components['schemas']['Audition'];
export type AuditionRequest = components['schemas']['AuditionRequestInput'];
export type CastMatchClient = Client<paths>;

export interface CastMatchOptions {
  /** The address of the API, such as `https://auditions.example.com`. */
  readonly baseUrl: string;
  /** An API key, or a token of your issuer. */
  readonly key: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: ClientOptions['fetch'];
}

/** The API has refused a request, or could not carry it out. Use `code` in programs: codes do not change. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  /** Seconds after which the same request can succeed; undefined when the API does not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(`${problem.detail} ${problem.whatToDo}`);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get code(): Problem['code'] {
    return this.problem.code;
  }
}

/** An answer that is neither the documented one nor a problem document, such as that of a proxy. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  readonly status: number;

  constructor(status: number) {
    super(`the API answered ${status} without a problem document`);
    this.status = status;
  }
}

/** Creates a client. Each call is typed by its method and path: `client.GET('/v1/auditions/{id}', …)`. */
export const createCastMatchClient = ({ baseUrl, key, fetch }: CastMatchOptions): CastMatchClient =>
  createFetchClient<paths>({
    baseUrl,
    headers: { Authorization: `Bearer ${key}` },
    ...(fetch && { fetch }),
  });

/**
 * Returns the headers of a command that can be repeated safely. Choose the key from what the command is about, so that a
 * repeated request has the same key: `audition-4711`.
 */
export const idempotencyKey = (key: string): { readonly 'idempotency-key': string } => ({
  'idempotency-key': key,
});

interface Result<Data> {
  readonly data?: Data | undefined;
  readonly error?: unknown;
  readonly response: Response;
}

const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'code' in error && 'whatToDo' in error;

/**
 * Returns the data of a call.
 * @throws {ProblemError} when the API has refused it
 * @throws {UnexpectedAnswer} when something else has answered
 */
export const answerOf = async <Data>(call: Promise<Result<Data>>): Promise<NonNullable<Data>> => {
  const { data, error, response } = await call;
  if (data !== undefined && data !== null) return data;
  if (!isProblem(error)) throw new UnexpectedAnswer(response.status);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw new ProblemError(error, Number.isFinite(seconds) ? seconds : undefined);
};
