/** Starts a real SMTP server that stores every email it receives (MailDev), and reads those emails. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { MailDev } from 'maildev';
import { z } from 'zod';
import { pollUntil } from '../../infra/stack/processes.ts';
import { findFreePort } from './free-port.ts';
import { type SmtpProxy, startSmtpProxy } from './smtp-proxy.ts';

export interface MailServer {
  readonly smtpUrl: string;
  /** The address of MailDev's REST API. */
  readonly apiUrl: string;
  close(): Promise<void>;
}

export interface RefusingMailServer
  extends MailServer,
    Pick<SmtpProxy, 'rejectRecipient' | 'acceptAllRecipients' | 'loseAcceptances'> {}

const mailSchema = z.object({
  id: z.string(),
  subject: z.string(),
  text: z.string().default(''),
  to: z.array(z.object({ address: z.string() })),
  headers: z.looseObject({ 'message-id': z.string() }),
  attachments: z.array(z.looseObject({ contentType: z.string().optional() })).optional(),
});

/** Returns every email that the server has received so far. */
export const readMails = async (apiUrl: string) => {
  const answer = await fetch(`${apiUrl}/email`, { signal: AbortSignal.timeout(30_000) });
  return z.array(mailSchema).parse(await answer.json());
};

/** Returns the emails to this address. */
export const readMailsTo = async (apiUrl: string, address: string) =>
  (await readMails(apiUrl)).filter(({ to }) => to.some((recipient) => recipient.address === address));

/** Returns the email as it was received. */
export const readMailSource = async (apiUrl: string, id: string): Promise<Buffer> => {
  const answer = await fetch(`${apiUrl}/email/${id}/source`, { signal: AbortSignal.timeout(30_000) });
  return Buffer.from(await answer.arrayBuffer());
};

/** Starts MailDev in this process, which is faster than another process. */
export const startMailServer = async (): Promise<MailServer> => {
  const mailDev = new MailDev({ smtp: 0, web: 0, ip: '127.0.0.1', webIp: '127.0.0.1', silent: true });
  const { smtp, api } = await mailDev.start();
  return {
    smtpUrl: `smtp://127.0.0.1:${smtp.getPort()}`,
    apiUrl: `http://127.0.0.1:${api?.getPort()}/api`,
    close: () => mailDev.stop(),
  };
};

/**
 * Starts MailDev as another process, behind a proxy that can reject recipients.
 * @throws {Error} with the output of MailDev when it does not start
 */
export const startMailServerProcess = async (): Promise<RefusingMailServer> => {
  const [smtp, web] = [await findFreePort(), await findFreePort()];
  const folder = await mkdtemp(join(tmpdir(), 'castmatch-mail-'));
  const program = fileURLToPath(new URL('bin/maildev.js', import.meta.resolve('maildev')));
  const options = ['--ip', '127.0.0.1', '--web-ip', '127.0.0.1', '--smtp', `${smtp}`, '--web', `${web}`];
  const child = execa(process.execPath, [program, ...options, '--mail-directory', folder], {
    reject: false,
    all: true,
  });
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const apiUrl = `http://127.0.0.1:${web}/api`;
  const isHealthy = () =>
    fetch(`${apiUrl}/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await pollUntil(async () => hasExited() || (await isHealthy()), 60_000)) || hasExited()) {
    child.kill('SIGKILL');
    throw new Error(`MailDev did not start:\n${(await child).all}`);
  }
  const proxy = await startSmtpProxy(smtp);
  return {
    smtpUrl: `smtp://127.0.0.1:${proxy.port}`,
    apiUrl,
    rejectRecipient: (address) => proxy.rejectRecipient(address),
    acceptAllRecipients: () => proxy.acceptAllRecipients(),
    loseAcceptances: (count) => proxy.loseAcceptances(count),
    close: async () => {
      await proxy.close();
      child.kill('SIGKILL');
      await child;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
