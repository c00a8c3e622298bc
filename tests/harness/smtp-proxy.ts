/** Forwards SMTP connections to a real mail server, and rejects the recipients that a test chooses. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface SmtpProxy {
  readonly port: number;
  /** Answers 550 (RFC 5321, section 4.2.2) for this address from now on, as a server without this mailbox does. */
  rejectRecipient(address: string): void;
  acceptAllRecipients(): void;
  /** Cuts the connection instead of forwarding the acceptance of the next `count` messages, which are delivered. */
  loseAcceptances(count: number): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port, in front of the server on `serverPort`. */
export const startSmtpProxy = async (serverPort: number): Promise<SmtpProxy> => {
  const refused = new Set<string>();
  const open = new Set<Socket>();
  let acceptancesToLose = 0;
  const proxy = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    }
    let hasSentMessage = false;
    server.on('data', (answer) => {
      const isAcceptance = hasSentMessage && answer.toString('latin1').startsWith('250');
      hasSentMessage = false;
      if (!isAcceptance || acceptancesToLose === 0) {
        client.write(answer);
        return;
      }
      acceptancesToLose -= 1;
      client.destroy();
      server.end();
    });
    server.on('end', () => client.end());
    // The client waits for the answer to each command, so each chunk contains one command.
    client.on('data', (piece) => {
      // The end of a message: RFC 5321, section 4.1.1.4.
      hasSentMessage ||= piece.toString('latin1').endsWith('\r\n.\r\n');
      const [, address] = /^RCPT TO:<([^>]+)>/i.exec(piece.toString('latin1')) ?? [];
      if (address === undefined || !refused.has(address)) server.write(piece);
      else client.write(`550 5.1.1 <${address}>: Recipient address rejected: User unknown\r\n`);
    });
    client.on('end', () => server.end());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the SMTP proxy has no port');
  return {
    port: address.port,
    rejectRecipient: (recipient) => refused.add(recipient),
    acceptAllRecipients: () => refused.clear(),
    loseAcceptances: (count) => {
      acceptancesToLose = count;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
};
