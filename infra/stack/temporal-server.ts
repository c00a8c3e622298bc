/** Checks and prepares a Temporal server: readiness and search attributes. */
import { Connection, isGrpcServiceError } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';
import type { TemporalConfiguration } from '../../foundation/configuration/configuration.ts';
import { temporalConnectionOptions } from '../../foundation/temporal/connection.ts';
import type { SearchAttributeTypeName, TemporalDev } from './temporal-dev.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;

const indexedTypes: Readonly<Record<SearchAttributeTypeName, temporal.api.enums.v1.IndexedValueType>> = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  Datetime: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
  Text: IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
  Int: IndexedValueType.INDEXED_VALUE_TYPE_INT,
  Double: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
  Bool: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
  KeywordList: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
};

/** Returns whether the namespace answers, which happens later than the port opens. Never throws. */
export const isTemporalReady = async (address: string, namespace: string): Promise<boolean> => {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 2_000 });
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
};

const connectWithinMs = 3_000;

/** The Temporal server is unreachable or lacks search attributes. The message says what to do. */
export class TemporalNotPrepared extends Error {
  override readonly name = 'TemporalNotPrepared';
}

/**
 * Registers the missing search attributes. This is needed for an existing database file too, because the
 * development server registers its arguments only in a new file.
 *
 * @throws {TemporalNotPrepared} when the server is unreachable, or when adding search attributes is
 * forbidden.
 */
export const registerSearchAttributes = async (
  server: TemporalConfiguration,
  searchAttributes: TemporalDev['searchAttributes'],
): Promise<void> => {
  const options = { ...temporalConnectionOptions(server), connectTimeout: connectWithinMs };
  const connection = await Connection.connect(options).catch((cause: unknown) => {
    throw new TemporalNotPrepared(
      `No Temporal server answers at ${server.address}. Check TEMPORAL_ADDRESS, and TEMPORAL_TLS and TEMPORAL_API_KEY if the server needs them.`,
      { cause },
    );
  });
  try {
    await addMissingSearchAttributes(connection.operatorService, server.namespace, searchAttributes);
  } finally {
    await connection.close();
  }
};

/** The methods of Temporal's operator service that are used here. */
interface OperatorService {
  listSearchAttributes(request: { readonly namespace: string }): Promise<{
    readonly customAttributes: Readonly<Record<string, unknown>>;
  }>;
  addSearchAttributes(request: {
    readonly namespace: string;
    readonly searchAttributes: Record<string, temporal.api.enums.v1.IndexedValueType>;
  }): Promise<unknown>;
}

/**
 * Adds the missing search attributes. Exported for tests.
 *
 * @throws {TemporalNotPrepared} when adding them is forbidden.
 */
export const addMissingSearchAttributes = async (
  operator: OperatorService,
  namespace: string,
  searchAttributes: TemporalDev['searchAttributes'],
): Promise<void> => {
  const existing = await unlessForbidden(operator.listSearchAttributes({ namespace }));
  const missing = Object.entries(searchAttributes).filter(
    ([name]) => existing === forbidden || !(name in existing.customAttributes),
  );
  if (missing.length === 0) return;
  // One request per attribute, because one that exists would reject all attributes of its request.
  for (const [name, type] of missing) {
    const request = { namespace, searchAttributes: { [name]: indexedTypes[type] } };
    const added = await unlessForbidden(operator.addSearchAttributes(request).catch(ignoreExisting));
    if (added === forbidden) throw new TemporalNotPrepared(howToRegister(namespace, missing));
  }
};

/** gRPC's ALREADY_EXISTS: another process has added the attribute. */
const existsCodes: ReadonlySet<number> = new Set([6]);
/**
 * gRPC's PERMISSION_DENIED, UNIMPLEMENTED and UNAUTHENTICATED: the answers of servers that forbid
 * administration by clients.
 */
const forbiddenCodes: ReadonlySet<number> = new Set([7, 12, 16]);

const ignoreExisting = (error: unknown): void => {
  if (!isGrpcServiceError(error) || !existsCodes.has(error.code)) throw error;
};

const forbidden = Symbol('not allowed');

const unlessForbidden = async <Result>(call: Promise<Result>): Promise<Result | typeof forbidden> => {
  try {
    return await call;
  } catch (error) {
    if (isGrpcServiceError(error) && forbiddenCodes.has(error.code)) return forbidden;
    throw error;
  }
};

const howToRegister = (namespace: string, missing: readonly (readonly [string, string])[]): string =>
  [
    `The namespace ${namespace} lacks search attributes or does not list them, and this client may not add them.`,
    'Ask an administrator of the namespace to run these commands, then start again:',
    ...missing.map(
      ([name, type]) =>
        `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
    ),
    'On Temporal Cloud, use tcld namespace search-attributes add, or the page of the namespace.',
  ].join('\n');
