/** Describes an error for a log line. */
import { stdSerializers } from 'pino';
import { databaseFaultOf } from './database-fault.ts';

/**
 * Returns the fields that pino logs for an error. For a database error, the message, the stack and the
 * properties quote the statement with its values. It therefore returns only the SQLSTATE and the stack
 * frames.
 */
export const describeError = (error: Error): object => {
  const fault = databaseFaultOf(error);
  if (!fault) return stdSerializers.err(error);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return { type: fault.name, code: fault.code, message: 'the database failed', stack: frames.join('\n') };
};
