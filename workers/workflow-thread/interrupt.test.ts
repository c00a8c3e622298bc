/** Interrupts real threads. `tests/e2e/workflow-thread.e2e.test.ts` interrupts workflow code on a real worker. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { interruptThread } from './interrupt.ts';

/** A thread that runs each message as code in a context, as the SDK does, and answers when the code has ended. */
const program = `
  const { parentPort } = require('node:worker_threads');
  const vm = require('node:vm');
  const context = vm.createContext({}, { microtaskMode: 'afterEvaluate' });
  parentPort.on('message', (code) => {
    try {
      parentPort.postMessage(vm.runInContext(code, context));
    } finally {
      parentPort.postMessage('finally');
    }
  });
`;

const startThread = () => {
  const thread = new Worker(program, { eval: true });
  onTestFinished(async () => void (await thread.terminate()));
  return thread;
};

const resultOf = async (thread: Worker, code: string): Promise<unknown> => {
  thread.postMessage(code, []);
  const [result] = await once(thread, 'message');
  return result;
};

it.each([
  ['a loop', 'for (;;);'],
  ['a loop over resolved promises', '(async () => { for (;;) await undefined; })(); 0'],
  ['a regular expression', '/^(a+)+$/.test("a".repeat(60) + "b")'],
])('interruptThread ends %s, and the thread runs the next message', async (_kind, code) => {
  startThread();
  const thread = startThread();
  expect(await resultOf(thread, '1 + 1')).toBe(2);
  await once(thread, 'message');

  thread.postMessage(code, []);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await interruptThread(thread.threadId)).toBe(true);
  expect(await resultOf(thread, '2 + 2')).toBe(4);
});

it('interruptThread returns false for a thread that has ended', async () => {
  const thread = startThread();
  await once(thread, 'online');
  const { threadId } = thread;
  await thread.terminate();
  expect(await interruptThread(threadId)).toBe(false);
});
