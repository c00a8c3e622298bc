/** Stands before a real mail server and passes everything on unchanged, save the recipients it is told to refuse. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface SmtpProxy {
  readonly port: number;
  /** From now on this address is answered with 550 (RFC 5321, section 4.2.2), as by a server that does not know it. */
  rejectRecipient(address: string): void;
  acceptAllRecipients(): void;
  close(): Promise<void>;
}

export const startSmtpProxy = async (serverPort: number): Promise<SmtpProxy> => {
  const refused = new Set<string>();
  const open = new Set<Socket>();
  const gate = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    }
    server.pipe(client);
    // The client waits for the answer to each command, so a command comes in a piece of its own.
    client.on('data', (piece) => {
      const [, address] = /^RCPT TO:<([^>]+)>/i.exec(piece.toString('latin1')) ?? [];
      if (address === undefined || !refused.has(address)) server.write(piece);
      else client.write(`550 5.1.1 <${address}>: Recipient address rejected: User unknown\r\n`);
    });
    client.on('end', () => server.end());
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const address = gate.address();
  if (address === null || typeof address === 'string') throw new Error('the mail gate has no port');
  return {
    port: address.port,
    rejectRecipient: (recipient) => refused.add(recipient),
    acceptAllRecipients: () => refused.clear(),
    close: async () => {
      for (const socket of open) socket.destroy();
      gate.close();
      await once(gate, 'close');
    },
  };
};
