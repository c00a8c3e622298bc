import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves the message and the stack trace of every failure into a payload, which the codec encrypts. Both may
 * quote personal data. The SDK loads this file by its path, in the worker and inside the workflow bundle.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
