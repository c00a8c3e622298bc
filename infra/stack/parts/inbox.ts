/**
 * Starts maildev, an SMTP server with a web inbox, unless SMTP_URL is set. Emails are stored in the data
 * folder.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../build-once.ts';
import { preferredPorts } from '../ports.ts';
import { isHttpReady, type Part, portNote, type StackContext } from './part.ts';

export const startInboxProcess = async (
  { dataFolder, shellEnv, choosePort, supervisor }: StackContext,
  progress: Progress,
): Promise<Part> => {
  if (shellEnv.SMTP_URL) {
    const { SMTP_URL, MAIL_JOURNAL_URL } = shellEnv;
    return {
      env: { SMTP_URL, ...(MAIL_JOURNAL_URL ? { MAIL_JOURNAL_URL } : {}) },
      addresses: [{ name: 'Email', address: 'SMTP_URL', note: 'external' }],
    };
  }
  progress('starting');
  const smtp = await choosePort(preferredPorts.SMTP);
  const web = await choosePort(preferredPorts['the inbox']);
  const inbox = `http://127.0.0.1:${web.port}`;
  const program = fileURLToPath(new URL('bin/maildev.js', import.meta.resolve('maildev')));
  const options = {
    '--ip': '127.0.0.1',
    '--smtp': String(smtp.port),
    '--web-ip': '127.0.0.1',
    '--web': String(web.port),
    '--mail-directory': join(dataFolder, 'mail'),
  };
  await supervisor.start({
    name: 'inbox',
    command: process.execPath,
    arguments: [program, ...Object.entries(options).flat()],
    env: shellEnv,
    ready: () => isHttpReady(`${inbox}/api/healthz`),
  });
  return {
    env: { SMTP_URL: `smtp://127.0.0.1:${smtp.port}`, MAIL_JOURNAL_URL: `${inbox}/api` },
    urls: { inbox },
    addresses: [{ name: 'Inbox', address: inbox, note: portNote(web.insteadOf) }],
  };
};
