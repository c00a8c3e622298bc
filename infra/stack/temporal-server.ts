/** What a Temporal server needs before we can work on it, whoever started it. */
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

/** True as soon as the namespace answers, which is later than the port. Never throws. */
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

/** The server is there or not, but cannot be worked on as it is: the message says what to do. */
export class TemporalNotPrepared extends Error {
  override readonly name = 'TemporalNotPrepared';
}

/**
 * Registers the search attributes that are missing, and leaves those that are there: a database file of last month
 * does not know the ones of this month, since the server registers its own only in a new file.
 *
 * @throws {TemporalNotPrepared} where nobody answers, and where they are missing and we may not add them.
 */
export const registerSearchAttributes = async (
  server: TemporalConfiguration,
  searchAttributes: TemporalDev['searchAttributes'],
): Promise<void> => {
  const options = { ...temporalConnectionOptions(server), connectTimeout: connectWithinMs };
  const connection = await Connection.connect(options).catch((cause: unknown) => {
    throw new TemporalNotPrepared(
      `Nobody answers as Temporal at ${server.address}. Check TEMPORAL_ADDRESS, and TEMPORAL_TLS or TEMPORAL_API_KEY where it wants them.`,
      { cause },
    );
  });
  try {
    await addMissingSearchAttributes(connection.operatorService, server.namespace, searchAttributes);
  } finally {
    await connection.close();
  }
};

/** The part of Temporal's operator service that this takes. */
interface OperatorService {
  listSearchAttributes(request: { readonly namespace: string }): Promise<{
    readonly customAttributes: Readonly<Record<string, unknown>>;
  }>;
  addSearchAttributes(request: {
    readonly namespace: string;
    readonly searchAttributes: Record<string, temporal.api.enums.v1.IndexedValueType>;
  }): Promise<unknown>;
}

/** Exported for its tests. @throws {TemporalNotPrepared} */
export const addMissingSearchAttributes = async (
  operator: OperatorService,
  namespace: string,
  searchAttributes: TemporalDev['searchAttributes'],
): Promise<void> => {
  const known = await allowed(operator.listSearchAttributes({ namespace }));
  const missing = Object.entries(searchAttributes).filter(
    ([name]) => known === notAllowed || !(name in known.customAttributes),
  );
  if (missing.length === 0) return;
  // One by one: of several in one request, one that is there already would keep the others out.
  for (const [name, type] of missing) {
    const request = { namespace, searchAttributes: { [name]: indexedTypes[type] } };
    const added = await allowed(operator.addSearchAttributes(request).catch(unlessAlreadyThere));
    if (added === notAllowed) throw new TemporalNotPrepared(howToRegister(namespace, missing));
  }
};

/** gRPC's ALREADY_EXISTS: another process has just done it. */
const alreadyThere: ReadonlySet<number> = new Set([6]);
/** gRPC's PERMISSION_DENIED, UNIMPLEMENTED and UNAUTHENTICATED: servers with an administration of their own say so. */
const refusalCodes: ReadonlySet<number> = new Set([7, 12, 16]);

const unlessAlreadyThere = (error: unknown): void => {
  if (!isGrpcServiceError(error) || !alreadyThere.has(error.code)) throw error;
};

const notAllowed = Symbol('not allowed');

const allowed = async <Result>(call: Promise<Result>): Promise<Result | typeof notAllowed> => {
  try {
    return await call;
  } catch (error) {
    if (isGrpcServiceError(error) && refusalCodes.has(error.code)) return notAllowed;
    throw error;
  }
};

const howToRegister = (namespace: string, missing: readonly (readonly [string, string])[]): string =>
  [
    `The namespace ${namespace} lacks search attributes, or does not say which it has, and we may not add them.`,
    'Have somebody who may do so add these, then start again:',
    ...missing.map(
      ([name, type]) =>
        `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
    ),
    'On Temporal Cloud: tcld namespace search-attributes add, or the page of the namespace.',
  ].join('\n');
