/** Whether an answer of the API is one that its OpenAPI document promises: the status, the headers and the body. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';

const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        responses: z.record(
          z.string(),
          z.looseObject({
            headers: z.record(z.string(), z.unknown()).default({}),
            content: z.record(z.string(), z.object({ schema: z.unknown() })).default({}),
          }),
        ),
      }),
    ),
  ),
});

interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Headers that are there only where there is something to say. */
const optional: ReadonlySet<string> = new Set(['Idempotency-Replayed']);

const pointer = (...steps: readonly string[]): string =>
  steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

const mediaTypeOf = (contentType: unknown): string =>
  typeof contentType === 'string' ? (contentType.split(';')[0] ?? '') : '';

/** What is no address at all belongs to no route. */
const isReadable = (address: string): boolean => {
  try {
    return decodeURI(address).length > 0;
  } catch {
    return false;
  }
};

/** Answers with what is not as promised; nothing where all is, or where the document does not know the address. */
export const createContractCheck = (document: unknown) => {
  const { paths } = documentSchema.parse(document);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'openapi', ...documentSchema.parse(document) });
  const routes = Object.entries(paths).map(([path, operations]) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    operations,
  }));

  return (method: string, url: string, { status, headers, body }: ApiResponse): readonly string[] => {
    // As whoever sends it resolves it: `/v1/auditions/./cancel` is another route than it looks.
    const address = new URL(`http://castmatch.example${url}`).pathname;
    if (!isReadable(address)) return [];
    const route = routes.find(
      ({ pattern, operations }) => pattern.test(address) && method.toLowerCase() in operations,
    );
    const operation = route?.operations[method.toLowerCase()];
    if (!route || !operation) return [];
    const promised = operation.responses[status];
    if (!promised) return [`${method} ${route.path} answers ${status}, which is not promised`];
    const missing = Object.keys(promised.headers)
      .filter((name) => !optional.has(name) && headers[name.toLowerCase()] === undefined)
      .map((name) => `${method} ${route.path} ${status} lacks the header ${name}`);
    const type = mediaTypeOf(headers['content-type']);
    if (Object.keys(promised.content).length === 0) return missing;
    if (!promised.content[type]) return [...missing, `${method} ${route.path} ${status} is ${type}`];
    const steps = [
      'paths',
      route.path,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      type,
      'schema',
    ];
    const fits = ajv.validate({ $ref: `openapi#${pointer(...steps)}` }, body);
    return fits ? missing : [...missing, `${method} ${route.path} ${status}: ${ajv.errorsText()}`];
  };
};
