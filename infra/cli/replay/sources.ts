/** Reads histories from files and from the server. Their payloads stay encrypted. */
import { stat } from 'node:fs/promises';
import { Client, isGrpcServiceError } from '@temporalio/client';
import type { TemporalConfiguration } from '../../../foundation/configuration/configuration.ts';
import { corpusFolder } from '../../../workers/replay/corpus.ts';
import { type RecordedHistory, readHistories, readHistory } from '../../../workers/replay/history-file.ts';
import { connectToTemporal } from '../temporal.ts';

/** The histories that the command line selects. */
export interface Selection {
  /** Workflow ids, audition ids and history files. */
  readonly targets: readonly string[];
  readonly failed?: boolean | undefined;
  readonly open?: boolean | undefined;
  readonly query?: string | undefined;
  readonly corpus?: boolean | undefined;
  readonly runId?: string | undefined;
  /** The maximum number of histories to fetch for one list of the server. */
  readonly limit: number;
}

/** Returns the visibility queries of the options. */
const queryOf = ({ failed, open, query }: Selection): readonly string[] => [
  ...(failed ? ['ExecutionStatus IN ("Failed", "TimedOut", "Terminated")'] : []),
  ...(open ? ['ExecutionStatus = "Running"'] : []),
  ...(query === undefined ? [] : [query]),
];

/**
 * Yields the selected histories, each as soon as it is read.
 *
 * @param temporal the server; undefined when only the corpus is selected
 * @throws {TemporalUnreachable} when the server does not answer.
 * @throws {NotOnServer} when the server does not have a workflow.
 * @throws {SelectionRejected} when the server rejects the query or the run id.
 */
export async function* selectHistories(
  selection: Selection,
  temporal: TemporalConfiguration | undefined,
): AsyncGenerator<RecordedHistory> {
  if (selection.corpus) yield* await readHistories(corpusFolder);
  const stored: string[] = [];
  for (const target of selection.targets) {
    if (await isFile(target)) yield await readHistory(target);
    else stored.push(workflowIdOf(target));
  }
  const queries = queryOf(selection);
  if (!temporal || (stored.length === 0 && queries.length === 0)) return;
  const connection = await connectToTemporal(temporal);
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    for (const workflowId of stored) yield await fetchHistory(client, workflowId, selection.runId);
    for (const query of queries) yield* fetchMatching(client, query, selection.limit);
  } finally {
    await connection.close();
  }
}

const isFile = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};

const workflowIdOf = (target: string): string => (target.startsWith('aud_') ? `audition/${target}` : target);

/** The server does not have the workflow, or has deleted it after its retention period. */
export class NotOnServer extends Error {
  override readonly name = 'NotOnServer';
}

/** The server rejects the query or the run id. */
export class SelectionRejected extends Error {
  override readonly name = 'SelectionRejected';
}

/** https://grpc.io/docs/guides/status-codes/ */
const isNotFound = ({ code }: { readonly code: number }): boolean => code === 5;
const isInvalid = ({ code }: { readonly code: number }): boolean => code === 3;

const rejectedSelection = (cause: unknown): unknown =>
  isGrpcServiceError(cause) && isInvalid(cause)
    ? new SelectionRejected(
        `Temporal rejected the selection (${cause.details}). Check --query and --run-id.`,
        {
          cause,
        },
      )
    : cause;

const fetchHistory = async (
  client: Client,
  workflowId: string,
  runId: string | undefined,
): Promise<RecordedHistory> => {
  try {
    return { workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
  } catch (cause) {
    if (!isGrpcServiceError(cause) || !isNotFound(cause)) throw rejectedSelection(cause);
    throw new NotOnServer(
      `workflow ${workflowId} was not found: there is no such file and no such workflow on the server. Check the id; its retention period may be over.`,
      { cause },
    );
  }
};

async function* fetchMatching(client: Client, query: string, limit: number): AsyncGenerator<RecordedHistory> {
  let fetched = 0;
  for await (const { workflowId, runId } of listExecutions(client, query)) {
    if (fetched === limit) return;
    fetched += 1;
    yield await fetchHistory(client, workflowId, runId);
  }
}

/**
 * Yields the executions that match a visibility query. Calls the service directly, because
 * `client.workflow.list` decrypts the memo of each row. One workflow under a key that this machine lacks
 * would then abort the whole list.
 */
async function* listExecutions(
  { connection, options: { namespace } }: Client,
  query: string,
): AsyncGenerator<{ readonly workflowId: string; readonly runId: string }> {
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await connection.workflowService
      .listWorkflowExecutions({ namespace, query, nextPageToken })
      .catch((cause: unknown) => {
        throw rejectedSelection(cause);
      });
    for (const { execution } of page.executions) {
      yield { workflowId: execution?.workflowId ?? '', runId: execution?.runId ?? '' };
    }
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
}
