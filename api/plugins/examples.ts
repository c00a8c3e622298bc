/** Adds examples to the requests and the answers of the OpenAPI document. */
import { z } from 'zod';
import { refusalCodes } from '../../domain/errors.ts';
import { requestExamples } from '../examples/requests.ts';
import { responseExamples } from '../examples/responses.ts';
import { problemKinds } from '../problems/catalogue.ts';
import { problemMediaType } from '../problems/problem-document.ts';
import type { OperationObject } from './response-headers.ts';

const mediaSchema = z.looseObject({ schema: z.looseObject({ $ref: z.string().optional() }) });
const bodySchema = z.looseObject({ content: z.record(z.string(), mediaSchema) });
type Media = z.infer<typeof mediaSchema>;

const nameOf = ({ schema }: Media): string => schema.$ref?.split('/').at(-1) ?? '';

const codeSchema = z.enum(refusalCodes);

/** The first code that the description of a problem response names. */
const codeIn = (description: string) => codeSchema.safeParse(/`(\w+)`:/.exec(description)?.[1]).data;

/** Returns a problem document with this code. Its texts are those of the code: those of a refusal are more specific. */
export const problemExample = (description: string): unknown => {
  const code = codeIn(description) ?? 'internal';
  const { status, title } = problemKinds[code];
  return {
    type: `urn:castmatch:problem:${code}`,
    title,
    status,
    detail: `${title}.`,
    code,
    whatToDo: 'The sentence here says what to do next.',
    correlationId: '5b0f6f0e-7a8c-4c0f-9d53-0a0f6f0e7a8c',
  };
};

const withRequestExamples = (media: Media): Media => {
  const examples = requestExamples[nameOf(media)];
  return examples === undefined ? media : { ...media, examples };
};

const withProblemExample = (type: string, media: Media, description: string): Media =>
  type === problemMediaType ? { ...media, example: problemExample(description) } : media;

/** Returns the shared schemas with an example of each answer, so that the document contains it once. */
export const withResponseExamples = <Schema>(schemas: Readonly<Record<string, Schema>>) =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const example = responseExamples[name];
      return [name, example === undefined ? schema : { ...schema, examples: [example] }];
    }),
  );

const mapValues = <Value>(
  record: Readonly<Record<string, Value>>,
  convert: (value: Value, name: string) => Value,
): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, convert(value, name)]));

/** Returns the operation with examples of its request body and of its problem documents. */
export const withExamples = (operation: OperationObject): OperationObject => {
  const body = bodySchema.safeParse(operation.requestBody).data;
  return {
    ...operation,
    ...(body && { requestBody: { ...body, content: mapValues(body.content, withRequestExamples) } }),
    responses: mapValues(operation.responses, (response) => {
      const content = bodySchema.safeParse(response).data?.content;
      return content === undefined
        ? response
        : {
            ...response,
            content: mapValues(content, (media, type) =>
              withProblemExample(type, media, response.description),
            ),
          };
    }),
  };
};
