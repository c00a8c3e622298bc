/** Recognizes calls of Temporal that have not ended in time. */
import { isGrpcCancelledError, isGrpcDeadlineError } from '@temporalio/client';

/**
 * Returns whether the deadline of the call has passed. Client and server watch it both. When the server notices it first,
 * it cancels the call: https://grpc.io/docs/guides/deadlines/. Only for calls that are not cancelled otherwise.
 */
export const isDeadlineOver = (error: unknown): boolean =>
  isGrpcDeadlineError(error) || isGrpcCancelledError(error);
