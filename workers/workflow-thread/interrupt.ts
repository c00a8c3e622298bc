/** Interrupts the code that a thread of this process runs, even an endless loop. */
import { Session } from 'node:inspector/promises';
import { z } from 'zod';

const answerTimeoutMs = 2_000;

const answerSchema = z.object({ id: z.int() });

/**
 * Interrupts a thread: its call stack is removed, without `catch` and `finally`, and the thread continues with its next
 * message. Uses the inspector protocol inside this process (`Runtime.terminateExecution`), and opens no port.
 *
 * @returns false when the process has no such thread
 * @throws {Error} when the thread does not answer within two seconds
 */
export const interruptThread = async (threadId: number): Promise<boolean> => {
  const session = new Session();
  session.connect();
  try {
    const sessionId = await attachTo(session, threadId);
    if (sessionId === undefined) return false;
    // An interruption that reaches the thread together with the new session can have no effect. So it is sent after
    // the answer to another request.
    await request(session, sessionId, { id: 1, method: 'Runtime.getIsolateId' });
    await request(session, sessionId, { id: 2, method: 'Runtime.terminateExecution' });
    return true;
  } finally {
    session.disconnect();
  }
};

/**
 * Returns the session of the thread. The events of existing threads precede the answer to `NodeWorker.enable`. Only the
 * title of a thread contains its id; `workerId` is a count of the attached threads.
 */
const attachTo = async (session: Session, threadId: number): Promise<string | undefined> => {
  let found: string | undefined;
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    if (workerInfo.title.startsWith(`[worker ${threadId}] `)) found = sessionId;
  });
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return found;
};

const request = async (
  session: Session,
  sessionId: string,
  message: { readonly id: number; readonly method: string },
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const overdue = setTimeout(
    () => reject(new Error(`the thread did not answer ${message.method} within ${answerTimeoutMs} ms`)),
    answerTimeoutMs,
  );
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    const answer = answerSchema.safeParse(JSON.parse(params.message));
    if (params.sessionId === sessionId && answer.data?.id === message.id) resolve();
  });
  try {
    await session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify(message) });
    await promise;
  } finally {
    clearTimeout(overdue);
  }
};
