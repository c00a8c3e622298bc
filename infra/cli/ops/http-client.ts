/** Calls the API with the operator's key and formats its errors for a terminal. */
import type { Command } from 'commander';
import { z } from 'zod';
import { readApiSettings } from '../../../foundation/configuration/cli-configuration.ts';
import { createOutput, type Output } from '../output.ts';

const problemSchema = z.object({
  title: z.string(),
  detail: z.string(),
  code: z.string(),
  whatToDo: z.string(),
  correlationId: z.string(),
});

/** A command failed. The message is printed to the operator without a stack trace. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

export interface OpsClient {
  /**
   * Calls the API.
   *
   * @throws {CommandFailed} when the API is unreachable or answers with an error.
   */
  call<Body>(schema: z.ZodType<Body>, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Body>;
}

const errorFromResponse = async (response: Response): Promise<CommandFailed> => {
  const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
  if (!problem.success)
    return new CommandFailed(
      `The API answered with status ${response.status}. Check CASTMATCH_API_URL and the log of the API.`,
    );
  const { title, detail, code, whatToDo, correlationId } = problem.data;
  return new CommandFailed(`${title} (${code})\n${detail}\n${whatToDo}\nCorrelation id: ${correlationId}`);
};

const createOpsClient = ({ url, key }: { readonly url: string; readonly key: string }): OpsClient => ({
  async call(schema, method, path, body) {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new CommandFailed(
        `The API is unreachable at ${url}. Start the API, or check CASTMATCH_API_URL.`,
        { cause },
      );
    });
    if (!response.ok) throw await errorFromResponse(response);
    return schema.parse(await response.json());
  },
});

/**
 * Returns the API client and the output of a command.
 *
 * @throws {UsageError} when CASTMATCH_API_URL or CASTMATCH_API_KEY is missing.
 */
export const apiContext = (command: Command): { readonly client: OpsClient; readonly output: Output } => ({
  client: createOpsClient(readApiSettings()),
  output: createOutput(command),
});
