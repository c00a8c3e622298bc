/** Checks the status, the headers and the body of an API response against the OpenAPI document. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';

const responseSchema = z.looseObject({
  headers: z.record(z.string(), z.unknown()).default({}),
  content: z.record(z.string(), z.looseObject({ schema: z.unknown() })).default({}),
});

const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        responses: z.record(z.string(), z.union([z.strictObject({ $ref: z.string() }), responseSchema])),
      }),
    ),
  ),
  components: z.looseObject({ responses: z.record(z.string(), responseSchema) }),
});

interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Headers that are documented, but sent only in some responses. */
const optional: ReadonlySet<string> = new Set(['Idempotency-Replayed']);

const pointer = (...steps: readonly string[]): string =>
  steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

const mediaTypeOf = (contentType: unknown): string =>
  typeof contentType === 'string' ? (contentType.split(';')[0] ?? '') : '';

/** Returns whether the address can be decoded; one that cannot matches no route. */
const isReadable = (address: string): boolean => {
  try {
    return decodeURI(address).length > 0;
  } catch {
    return false;
  }
};

/** Returns a function that lists the deviations of a response. The list is empty for an undocumented address. */
export const createContractCheck = (document: unknown) => {
  const { paths, components } = documentSchema.parse(document);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'openapi', ...documentSchema.parse(document) });
  const routes = Object.entries(paths).map(([path, operations]) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    operations,
  }));

  return (method: string, url: string, { status, headers, body }: ApiResponse): readonly string[] => {
    // Resolves dot segments as an HTTP client does: `/v1/auditions/./cancel` is sent as `/v1/auditions/cancel`.
    const address = new URL(`http://castmatch.example${url}`).pathname;
    if (!isReadable(address)) return [];
    const route = routes.find(
      ({ pattern, operations }) => pattern.test(address) && method.toLowerCase() in operations,
    );
    const operation = route?.operations[method.toLowerCase()];
    if (!route || !operation) return [];
    const response = operation.responses[status];
    const shared = z.object({ $ref: z.string() }).safeParse(response).data?.$ref.split('/').at(-1);
    const documented =
      shared === undefined ? responseSchema.safeParse(response).data : components.responses[shared];
    if (!documented) return [`${method} ${route.path} answers ${status}, which is not documented`];
    const missing = Object.keys(documented.headers)
      .filter((name) => !optional.has(name) && headers[name.toLowerCase()] === undefined)
      .map((name) => `${method} ${route.path} ${status} lacks the header ${name}`);
    const type = mediaTypeOf(headers['content-type']);
    if (Object.keys(documented.content).length === 0) return missing;
    if (!documented.content[type]) return [...missing, `${method} ${route.path} ${status} is ${type}`];
    const place =
      shared === undefined
        ? ['paths', route.path, method.toLowerCase(), 'responses', String(status)]
        : ['components', 'responses', shared];
    const steps = [...place, 'content', type, 'schema'];
    const fits = ajv.validate({ $ref: `openapi#${pointer(...steps)}` }, body);
    return fits ? missing : [...missing, `${method} ${route.path} ${status}: ${ajv.errorsText()}`];
  };
};
