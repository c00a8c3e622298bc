import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { MailDev } from 'maildev';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ProviderFault } from '../../domain/errors.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { readMails } from '../../tests/harness/mail-server.ts';
import type { EmailMessage } from '../ports.ts';
import { createSmtpClient } from './client.ts';
import { createSmtpEmail } from './email.ts';
import { createMailJournal } from './journal.ts';

const handOver = async () => {};
let number = 0;

const message = (change: Partial<EmailMessage> = {}): EmailMessage => {
  number += 1;
  return {
    messageId: `<audition-${number}@castmatch.test>`,
    to: { name: 'Léa Martin', address: 'lea@example.test' },
    subject: 'Your audition',
    text: 'See you on Tuesday.',
    html: '<p>See you on Tuesday.</p>',
    ...change,
  };
};

interface Settings {
  readonly journalUrl?: string;
  readonly requireTls?: boolean;
  readonly from?: string;
}

const provider = (
  url: string,
  { journalUrl, requireTls = false, from = 'CastMatch <casting@castmatch.test>' }: Settings = {},
) => {
  const client = createSmtpClient({ url, requireTls, from });
  onTestFinished(() => client.close());
  return createSmtpEmail(client, from, journalUrl === undefined ? undefined : createMailJournal(journalUrl));
};

describe('with a real mail server and its journal', () => {
  const mailDev = new MailDev({ smtp: 0, web: 0, ip: '127.0.0.1', webIp: '127.0.0.1', silent: true });
  let urls: { readonly smtp: string; readonly journal: string };

  beforeAll(async () => {
    const { smtp, api } = await mailDev.start();
    urls = {
      smtp: `smtp://127.0.0.1:${smtp.getPort()}`,
      journal: `http://127.0.0.1:${api?.getPort()}/api`,
    };
  });
  afterAll(() => mailDev.stop());

  const setup = () => provider(urls.smtp, { journalUrl: urls.journal });

  test('finds a sent message by its id', async () => {
    const email = setup();
    const sent = message();
    await email.send(sent, handOver, callContext());
    await vi.waitFor(async () => expect(await email.find(sent.messageId, callContext())).toBe('sent'));
  });

  test('does not find a message that was never sent', async () => {
    expect(await setup().find('<nobody@castmatch.test>', callContext())).toBe('not_sent');
  });

  test('reports unknown without a journal', async () => {
    expect(await provider(urls.smtp).find('<nobody@castmatch.test>', callContext())).toBe('unknown');
  });

  test('sends nothing and throws the same error when beforeHandover throws', async () => {
    const email = setup();
    const kept = message();
    const refused = new Error('another attempt was faster');
    await expect(email.send(kept, () => Promise.reject(refused), callContext())).rejects.toBe(refused);
    // The next message uses the same pool, so the server has certainly processed the first one.
    const next = message();
    await email.send(next, handOver, callContext());
    await vi.waitFor(async () => expect(await email.find(next.messageId, callContext())).toBe('sent'));
    expect(await email.find(kept.messageId, callContext())).toBe('not_sent');
  });

  test('does not send before beforeHandover has resolved', async () => {
    const email = setup();
    const sent = message();
    let seen: unknown;
    await email.send(
      sent,
      async () => {
        seen = await email.find(sent.messageId, callContext());
      },
      callContext(),
    );
    expect(seen).toBe('not_sent');
  });

  test('holds back two attempts at one message, each until its own hand-over', async () => {
    const email = setup();
    const sent = message();
    const handovers = [vi.fn(handOver), vi.fn(handOver)];
    await Promise.all(handovers.map((each) => email.send(sent, each, callContext())));
    expect(handovers.map((each) => each.mock.calls.length)).toEqual([1, 1]);
  });

  test('sends nothing when the call is cancelled during the hand-over', async () => {
    const email = setup();
    const kept = message();
    const controller = new AbortController();
    const cancelled = { signal: controller.signal, correlationId: 'corr-1' };
    const sending = email.send(kept, async () => controller.abort(), cancelled);
    await expect(sending).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'none' } });
    expect(await email.find(kept.messageId, callContext())).toBe('not_sent');
  });
});

describe('with a scripted mail server', () => {
  test('sends the invitation as iMIP: an alternative of the text, and an attached file', async () => {
    const server = await scriptedServer({});
    const content = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';
    const calendar = { method: 'REQUEST', content } as const;
    const sent = message({ calendar });
    await provider(server.url).send(sent, handOver, callContext());
    const [raw = ''] = server.messages;
    expect(raw).toMatch(/Content-Type: text\/calendar;[^\n]*\s[^\n]*method=REQUEST/);
    const mail = await simpleParser(raw);
    expect(mail.messageId).toBe(sent.messageId);
    expect(mail.text).toContain(sent.text);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.headers.get('x-correlation-id')).toBe('corr-1');
    const file = mail.attachments.find(({ filename }) => filename === 'invite.ics');
    expect(file?.content.toString()).toBe(content);
  });

  const faults: readonly {
    readonly title: string;
    readonly script: Script;
    readonly fault: ProviderFault;
    readonly handedOver: boolean;
  }[] = [
    {
      title: 'a mailbox that does not exist is rejected input',
      script: { recipient: '550 5.1.1 <lea@example.test>: no such user' },
      fault: { kind: 'rejected_input' },
      handedOver: false,
    },
    {
      title: 'a greylisted recipient is worth another attempt',
      script: { recipient: '451 4.7.1 try again later' },
      fault: { kind: 'retry', effect: 'none' },
      handedOver: false,
    },
    {
      title: 'a message refused by a policy about the sender is not the fault of the recipient',
      script: { end: '554 5.7.1 refused by policy' },
      fault: { kind: 'sender_refused', untilMs: expect.any(Number) },
      handedOver: true,
    },
    {
      title: 'a sender without permission is not the fault of the recipient',
      script: { recipient: '550 5.7.60 SMTP; Client does not have permissions to send as this sender' },
      fault: { kind: 'sender_refused', untilMs: expect.any(Number) },
      handedOver: false,
    },
    {
      title: 'a rate of the sender that is too high is not the fault of the recipient',
      script: { recipient: '421 4.7.28 unusual rate of mail from your SPF domain' },
      fault: { kind: 'sender_refused', untilMs: expect.any(Number) },
      handedOver: false,
    },
    {
      title: 'a recipient that restricts who may write is rejected input',
      script: { recipient: '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup' },
      fault: { kind: 'rejected_input' },
      handedOver: false,
    },
    {
      title: 'a transient limit of the sender stops all email for a while',
      script: { recipient: '452 4.4.5 too much mail from this sender' },
      fault: { kind: 'quota_exhausted', untilMs: expect.any(Number) },
      handedOver: false,
    },
    {
      title: 'a full mailbox is the fault of the recipient',
      script: { recipient: '552 5.2.2 mailbox over its quota, daily limit of storage' },
      fault: { kind: 'rejected_input' },
      handedOver: false,
    },
    {
      title: 'a daily limit of the sender stops all email for a while',
      script: { recipient: '550 5.4.5 Daily user sending limit exceeded' },
      fault: { kind: 'quota_exhausted', untilMs: expect.any(Number) },
      handedOver: false,
    },
    {
      title: 'a limit that is named in words stops all email for a while',
      script: { end: '554 5.2.0 the sender has exceeded the 24-hour limit of recipients' },
      fault: { kind: 'quota_exhausted', untilMs: expect.any(Number) },
      handedOver: true,
    },
    {
      title: 'a message deferred at its end certainly was not taken',
      script: { end: '452 4.3.1 out of space' },
      fault: { kind: 'retry', effect: 'none' },
      handedOver: true,
    },
    {
      title: 'a connection lost before the server requested the message has no effect',
      script: { recipient: 'hang up' },
      fault: { kind: 'outage', effect: 'none' },
      handedOver: false,
    },
    {
      title: 'a connection lost after the message leaves its effect open',
      script: { end: 'hang up' },
      fault: { kind: 'outage', effect: 'unknown' },
      handedOver: true,
    },
  ];

  test.each(faults)('$title', async ({ script, fault, handedOver }) => {
    const server = await scriptedServer(script);
    const handover = vi.fn(handOver);
    const error: unknown = await provider(server.url)
      .send(message(), handover, callContext())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ProviderError', fault });
    expect(handover).toHaveBeenCalledTimes(handedOver ? 1 : 0);
    expect(server.messages).toHaveLength(handedOver ? 1 : 0);
    expect(String(error)).not.toContain('lea@example.test');
  });

  test('a server without TLS gets no message and no password where TLS is required', async () => {
    const server = await scriptedServer({});
    const email = provider(server.url.replace('smtp://', 'smtp://user:secret@'), { requireTls: true });
    await expect(email.send(message(), handOver, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
    expect(server.messages).toEqual([]);
  });

  test('a call to an unreachable server has no effect', async () => {
    const server = await scriptedServer({});
    await server.close();
    await expect(provider(server.url).send(message(), handOver, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
  });

  test('a journal that is down is reported as an outage', async () => {
    const email = provider('smtp://127.0.0.1:1', { journalUrl: 'http://127.0.0.1:1' });
    await expect(email.find('<any@castmatch.test>', callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
  });
});

describe('an address outside ASCII', () => {
  const josé = { name: 'José', address: 'josé@bücher.example' };
  const refused = {
    name: 'ProviderError',
    fault: { kind: 'rejected_input' },
    vendor: { code: 'smtputf8_unavailable' },
  };
  const offer = '250-scripted\r\n250 SMTPUTF8';

  test('gets its message from a server that offers SMTPUTF8', async () => {
    const mailDev = new MailDev({ smtp: 0, web: 0, ip: '127.0.0.1', webIp: '127.0.0.1', silent: true });
    onTestFinished(() => mailDev.stop());
    const { smtp, api } = await mailDev.start();
    const apiUrl = `http://127.0.0.1:${api?.getPort()}/api`;
    const sent = message({ to: josé });
    await provider(`smtp://127.0.0.1:${smtp.getPort()}`).send(sent, handOver, callContext());
    await vi.waitFor(async () => {
      const [mail] = await readMails(apiUrl);
      expect(mail).toMatchObject({ to: [{ address: josé.address }], subject: sent.subject });
    });
  });

  test('is announced as SMTPUTF8, and the offer is read once', async () => {
    const server = await scriptedServer({ greeting: offer });
    const email = provider(server.url);
    for (let sent = 0; sent < 3; sent += 1) await email.send(message({ to: josé }), handOver, callContext());
    expect(server.commands.filter((line) => line.startsWith('MAIL'))).toEqual(
      Array.from({ length: 3 }, () => 'MAIL FROM:<casting@castmatch.test> SMTPUTF8'),
    );
    expect(server.commands).toContain('RCPT TO:<josé@bücher.example>');
    // One for the offer, and one of the pool.
    expect(server.commands.filter((line) => line.startsWith('EHLO'))).toHaveLength(2);
  });

  test('is refused by name where the server does not offer SMTPUTF8, and others get their message', async () => {
    const server = await scriptedServer({});
    const email = provider(server.url);
    const handover = vi.fn(handOver);
    const sending = email.send(message({ to: josé }), handover, callContext());
    await expect(sending).rejects.toMatchObject(refused);
    await expect(sending).rejects.toThrow('does not offer SMTPUTF8');
    expect(handover).not.toHaveBeenCalled();
    expect(server.commands.filter((line) => /^(MAIL|RCPT)/.test(line))).toEqual([]);
    await email.send(message(), handOver, callContext());
    expect(server.messages).toHaveLength(1);
  });

  test.each([
    ['its address', { recipient: '553 5.6.7 non-ASCII addresses are not permitted for this recipient' }],
    ['its message', { end: '554 5.6.9 the next server does not take UTF-8 headers' }],
  ])('is refused by the same name when a server refuses %s', async (_, script) => {
    const server = await scriptedServer({ greeting: offer, ...script });
    const sending = provider(server.url).send(message({ to: josé }), handOver, callContext());
    await expect(sending).rejects.toMatchObject(refused);
  });

  test('of the sender is a setting of ours, and the name of the sender needs no SMTPUTF8', async () => {
    const server = await scriptedServer({});
    const sendAs = (from: string) => provider(server.url, { from }).send(message(), handOver, callContext());
    await expect(sendAs('Théâtre <théâtre@castmatch.test>')).rejects.toMatchObject({
      ...refused,
      fault: { kind: 'misconfigured' },
    });
    await sendAs('Théâtre <theatre@castmatch.test>');
    expect(server.messages).toHaveLength(1);
  });

  test('waits while the server cannot be reached', async () => {
    const server = await scriptedServer({});
    await server.close();
    const sending = provider(server.url).send(message({ to: josé }), handOver, callContext());
    await expect(sending).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'none' } });
  });

  test('does not wait for the offer after the call is cancelled', async () => {
    const server = await scriptedServer({ greeting: 'silence' });
    const controller = new AbortController();
    const call = { ...callContext(), signal: controller.signal };
    const sending = provider(server.url).send(message({ to: josé }), handOver, call);
    await vi.waitFor(() => expect(server.commands).toHaveLength(1));
    controller.abort();
    await expect(sending).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'none' } });
  });
});

interface Script {
  /** The reply to `EHLO`. */
  readonly greeting?: string;
  readonly recipient?: string;
  readonly end?: string;
}

/** A minimal SMTP server. The test defines the replies to `RCPT TO` and to a whole message. */
const scriptedServer = async (script: Script) => {
  const messages: string[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text: string | undefined;
    let rest = '';
    const reply = (line: string) => {
      if (line === 'hang up') socket.destroy();
      else if (line !== 'silence') socket.write(`${line}\r\n`);
    };
    const hear = (line: string) => {
      if (text !== undefined) {
        if (line !== '.') {
          text += `${line}\r\n`;
          return;
        }
        messages.push(text);
        text = undefined;
        reply(script.end ?? '250 taken');
        return;
      }
      commands.push(line);
      if (/^RCPT/i.test(line)) reply(script.recipient ?? '250 ok');
      else if (/^DATA/i.test(line)) {
        text = '';
        reply('354 go on');
      } else if (/^QUIT/i.test(line)) reply('221 bye');
      else if (/^EHLO/i.test(line)) reply(script.greeting ?? '250 ok');
      else reply('250 ok');
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString('utf8')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) hear(line);
    });
    reply('220 scripted');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(close);
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `smtp://127.0.0.1:${port}`, messages, commands, close };
};
