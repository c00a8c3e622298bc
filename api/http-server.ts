/** Creates the HTTP servers of the API: limits, parsing, error answers, headers and logs, without any route. */
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { createPipelines } from '../foundation/http/pipelines.ts';
import { refuseFaultyHeads } from './access/faulty-heads.ts';
import { removeForwardedPorts } from './access/forwarded-addresses.ts';
import type { Api } from './api.ts';
import type { ApiDependencies } from './dependencies.ts';
import { correlationIdOf, returnCorrelationId } from './plugins/correlation.ts';
import { readJsonBodies } from './plugins/json-body.ts';
import { logRequests } from './plugins/request-log.ts';
import { addSecurityHeaders, forbidCaching } from './plugins/security-headers.ts';
import { compileValidator } from './plugins/validator.ts';
import { handleClientError } from './problems/client-error.ts';
import { handleError } from './problems/error-handler.ts';

const bodyLimit = 256 * 1024;
/**
 * The token of a link is longer than the router's default of 100 characters for a path segment. Node accepts no longer
 * address than this (16 KiB of headers), so the route's schema validates the length, with a proper error.
 */
const maxParamLength = 16_384;

const timeouts = {
  /** Maximum time for a whole request, and for its headers, to arrive. A slow sender occupies a connection. */
  requestTimeout: 30_000,
  headersTimeout: 15_000,
  /** Node enforces both at this interval. Its default of 30 s would double them. */
  connectionsCheckingInterval: 1_000,
  /** Longer than load balancers keep idle connections (usually 60 s). Otherwise they send into a closed connection. */
  keepAliveTimeout: 72_000,
};

const createFastify = ({ logger, configuration: { trustedProxies } }: ServerDependencies): Api => {
  const pipelines = createPipelines(timeouts);
  return Fastify({
    loggerInstance: logger,
    bodyLimit,
    serverFactory: pipelines.createServer,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // Requests during shutdown are still served: load balancers have seen /readyz and send no new ones.
    return503OnClosing: false,
    routerOptions: { maxParamLength },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlationId' }),
    genReqId: correlationIdOf,
    frameworkErrors: handleError,
    clientErrorHandler: pipelines.inTurn(handleClientError),
  }).withTypeProvider<ZodTypeProvider>();
};

type ServerDependencies = Pick<ApiDependencies, 'logger'> & {
  readonly configuration: Pick<ApiDependencies['configuration'], 'trustedProxies'>;
};

/**
 * Creates a server.
 * @param isEncrypted whether its clients use TLS, at the proxy in front of it
 * @param watch receives the server before any plugin or route is added
 */
export const createHttpServer = async (
  dependencies: ServerDependencies,
  isEncrypted: boolean,
  watch?: (api: FastifyInstance) => void,
): Promise<Api> => {
  const api = createFastify(dependencies);
  watch?.(api);
  api.setValidatorCompiler(compileValidator);
  api.setSerializerCompiler(serializerCompiler);
  api.removeContentTypeParser('text/plain');
  readJsonBodies(api);
  api.setErrorHandler(handleError);

  removeForwardedPorts(api);
  await addSecurityHeaders(api, isEncrypted);
  forbidCaching(api);
  returnCorrelationId(api);
  logRequests(api);
  refuseFaultyHeads(api);
  return api;
};
