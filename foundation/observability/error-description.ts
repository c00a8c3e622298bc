/** An error as a log line shows it. */
import { stdSerializers } from 'pino';
import { databaseFaultOf } from './database-fault.ts';

/**
 * As pino does it, but for what came from the database: there the message, the stack and the properties quote the
 * statement with its values, so only the SQLSTATE and the frames of the stack are shown.
 */
export const describeError = (error: Error): object => {
  const fault = databaseFaultOf(error);
  if (!fault) return stdSerializers.err(error);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return { type: fault.name, code: fault.code, message: 'the database failed', stack: frames.join('\n') };
};
