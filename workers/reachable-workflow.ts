/** Tells whether a workflow can receive what is sent to it. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { DataKeyDestroyed } from '../db/vault/envelope-encryption.ts';

/**
 * Returns whether the error says that no workflow can receive the message: none runs, or its audition or account was erased. Nothing
 * can be encrypted for an erased one (decision 71), and none of them runs.
 */
export const isNotRunning = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || isErased(error);

/** Returns whether the audition or the account of the workflow was erased. */
export const isErased = (error: unknown): boolean => error instanceof DataKeyDestroyed;
