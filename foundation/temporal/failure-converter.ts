import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves the message and the stack trace of every failure into a payload, where the codec encrypts them: both may
 * quote what a person wrote. Loaded by path, in the worker and inside the workflow bundle.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
