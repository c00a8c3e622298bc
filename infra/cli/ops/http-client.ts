/** Calls the API as an operator does, and says what it refuses in words for a terminal. */
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

export class CommandFailed extends Error {
  override readonly name = 'CallRefused';
}

export interface OpsClient {
  /** Throws `CallRefused` for every answer that is no success, and when nobody answers. */
  call<Body>(schema: z.ZodType<Body>, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Body>;
}

const errorFromResponse = async (response: Response): Promise<CommandFailed> => {
  const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
  if (!problem.success) return new CommandFailed(`The API answered ${response.status}.`);
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
      throw new CommandFailed(`Nobody answers at ${url}. Is the API running?`, { cause });
    });
    if (!response.ok) throw await errorFromResponse(response);
    return schema.parse(await response.json());
  },
});

/** What a command that goes through the API needs: the API, and where to say what it answered. */
export const apiContext = (command: Command): { readonly client: OpsClient; readonly output: Output } => ({
  client: createOpsClient(readApiSettings()),
  output: createOutput(command),
});
