/** What a Temporal server needs before we can work on it, whoever started it. */
import { Connection } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';
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
export const temporalAnswers = async (address: string, namespace: string): Promise<boolean> => {
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

/**
 * Registers the search attributes that are missing, and leaves those that are there: a database file of last month
 * does not know the ones of this month, since the server registers its own only in a new file.
 */
export const registerSearchAttributes = async (
  address: string,
  { namespace, searchAttributes }: Pick<TemporalDev, 'namespace' | 'searchAttributes'>,
): Promise<void> => {
  const connection = await Connection.connect({ address });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(searchAttributes).filter(([name]) => !(name in customAttributes));
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, indexedTypes[type]])),
    });
  } finally {
    await connection.close();
  }
};
