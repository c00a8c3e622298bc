import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPipelines } from './pipelines.ts';

const timeouts = {
  requestTimeout: 2_000,
  headersTimeout: 1_000,
  connectionsCheckingInterval: 100,
  keepAliveTimeout: 5_000,
};

/** Starts a server whose answers are what `handle` sends, and counts the requests that were started. */
const setup = async (handle: RequestListener, limits: Parameters<typeof createPipelines>[1] = {}) => {
  let started = 0;
  let underway = 0;
  let mostUnderway = 0;
  const pipelines = createPipelines(timeouts, limits);
  const server = pipelines.createServer((request, response) => {
    started += 1;
    underway += 1;
    mostUnderway = Math.max(mostUnderway, underway);
    response.once('close', () => {
      underway -= 1;
    });
    handle(request, response);
  });
  let parsed = 0;
  server.prependListener('request', () => {
    parsed += 1;
  });
  server.on(
    'clientError',
    pipelines.inTurn((error, socket) => {
      socket.end(error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '<408>' : '<400>');
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const { port } = address;
  return {
    started: () => started,
    parsed: () => parsed,
    mostUnderway: () => mostUnderway,
    open: () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      onTestFinished(() => {
        socket.destroy();
      });
      return socket;
    },
  };
};

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const gets = (count: number): string =>
  Array.from({ length: count }, (_, index) => get(`/${index}`)).join('');
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Reads until `count` answers have arrived, or the server closes. Returns the paths that they name. */
const read = async (socket: Socket, count: number): Promise<readonly number[]> => {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) {
    text += String(chunk);
    if ((text.match(/<\/\d+>/g) ?? []).length >= count) break;
  }
  return [...text.matchAll(/<\/(\d+)>/g)].map(([, path]) => Number(path));
};

/** Reads until the server closes. Returns the paths of the answers, and the statuses of the refusals. */
const readAll = async (socket: Socket): Promise<readonly number[]> => {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk);
  return [...text.matchAll(/<\/?(\d+)>/g)].map(([, number]) => Number(number));
};

/** Answers a request with its path, a moment later. */
const answerLater: RequestListener = (request, response) => {
  setImmediate(() => response.end(`<${request.url}>`));
};

/** More than the buffers of both systems hold. */
const large = Buffer.alloc(16 * 2 ** 20);

/** Resolves to true when the server has closed the connection. The client reads nothing before. */
const isClosed = async (socket: Socket): Promise<boolean> => {
  await once(socket.resume(), 'close');
  return true;
};

describe('a pipeline', () => {
  it('handles the requests of a connection one after another, and answers all in order', async () => {
    const { open, mostUnderway } = await setup(answerLater);
    const socket = open();
    socket.write(gets(3_000));
    expect(await read(socket, 3_000)).toEqual(numbers(3_000));
    expect(mostUnderway()).toBe(1);
  });

  it('answers a client that pipelines again and again on one connection', async () => {
    const { open } = await setup(answerLater);
    const socket = open().setEncoding('utf8');
    for (let round = 0; round < 5; round += 1) {
      socket.write(gets(100));
      let text = '';
      while ((text.match(/>/g) ?? []).length < 100) text += String((await once(socket, 'data'))[0]);
      expect([...text.matchAll(/<\/(\d+)>/g)].map(([, path]) => Number(path))).toEqual(numbers(100));
    }
  });

  it('starts no request while an answer is not read', async () => {
    const { open, started } = await setup((_request, response) => response.end(large));
    const socket = open().pause();
    socket.write(gets(2_000));
    await expect.poll(started).toBe(1);
    await pause(300);
    expect(started()).toBe(1);
  });

  it('reads no more of the connection while requests wait', async () => {
    const { open } = await setup(() => {});
    const socket = open();
    const isSent = new Promise((sent) => {
      // More than the buffers of both systems hold.
      socket.write(get('/').repeat(500_000), () => sent('sent'));
    });
    expect(await Promise.race([isSent, pause(500, 'waiting')])).toBe('waiting');
  });

  it('reads the bodies of requests that waited', async () => {
    const { open } = await setup((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => setImmediate(() => response.end(`<${request.url}> ${body.length}`)));
    });
    const socket = open();
    const body = 'x'.repeat(20_000);
    for (const path of numbers(100))
      socket.write(`POST /${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(await read(socket, 100)).toEqual(numbers(100));
  });

  it('answers all requests of a client that closes its side after the last one', async () => {
    const { open } = await setup(answerLater);
    const socket = open();
    socket.end(gets(500));
    expect(await read(socket, 500)).toEqual(numbers(500));
  });

  it('closes a connection whose client does not read an answer in time', async () => {
    const { open, started } = await setup((_request, response) => response.end(large), {
      readTimeoutMs: 200,
    });
    const socket = open().pause();
    socket.write(gets(20));
    await expect.poll(started).toBe(1);
    await pause(1_000);
    expect(await isClosed(socket)).toBe(true);
    expect(started()).toBe(1);
  });

  it('closes a connection that transfers nothing for too long', async () => {
    const { open } = await setup((_request, response) => response.write('the beginning'), { silenceMs: 200 });
    const socket = open();
    socket.write(gets(1));
    expect(await isClosed(socket)).toBe(true);
  });

  it('keeps a connection whose next request is incomplete while earlier ones wait', async () => {
    // Together they take longer than the headers of a request may.
    const { open } = await setup((request, response) => {
      setTimeout(() => response.end(`<${request.url}>`), 500);
    });
    const socket = open();
    const text = gets(6);
    socket.write(text.slice(0, -10));
    setTimeout(() => socket.write(text.slice(-10)), 2_000);
    expect(await read(socket, 6)).toEqual(numbers(6));
  });

  it('parses at most one kilobyte of requests before they are answered', async () => {
    const { open, parsed } = await setup(() => {});
    for (const path of numbers(60)) open().write(`GET /${path} HTTP/1.1\r\n\r\n`.repeat(3_000));
    await expect.poll(parsed).toBeGreaterThanOrEqual(60);
    await pause(300);
    // The shortest request has 18 bytes.
    expect(parsed()).toBeLessThanOrEqual(60 * Math.ceil(1024 / 18));
  });

  it('serves another connection between the requests of one', async () => {
    const { open, started } = await setup((request, response) => response.end(`<${request.url}>`));
    open().resume().write(gets(2_000));
    await expect.poll(started).toBeGreaterThan(0);
    const other = open();
    other.write(get('/1'));
    await read(other, 1);
    expect(started()).toBeLessThan(2_000);
  });

  it.each([
    ['with a length', (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`],
    [
      'in chunks',
      (body: string) =>
        `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])('reads a large body %s, and the requests that follow it', async (_kind, text) => {
    const { open, mostUnderway } = await setup((request, response) => {
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on('end', () => response.end(`<${request.url}><${length === 1_000_000 ? '/1' : '/0'}>`));
    });
    const socket = open();
    socket.write(`POST /7 HTTP/1.1\r\nHost: a\r\n${text('x'.repeat(1_000_000))}${gets(3)}`);
    expect(await read(socket, 8)).toEqual([7, 1, 0, 0, 1, 0, 2, 0]);
    expect(mostUnderway()).toBe(1);
  });

  it('does not treat what follows a short body as a part of it', async () => {
    const { open, parsed } = await setup(() => {});
    open().write(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n${'x'.repeat(1_500)}${gets(3_000)}`,
    );
    await expect.poll(parsed).toBeGreaterThanOrEqual(1);
    await pause(300);
    expect(parsed()).toBeLessThanOrEqual(2 * Math.ceil(1024 / 18));
  });

  it('sends 100 (Continue) before it reads a body', async () => {
    const { open } = await setup((request, response) => {
      request.resume().on('end', () => response.end('<1>'));
    });
    const socket = open().setEncoding('utf8');
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n');
    const [first] = await once(socket, 'data');
    expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('x'.repeat(5_000));
    const [second] = await once(socket, 'data');
    expect(second).toContain('<1>');
  });

  it.each([
    [
      'with an unknown expectation',
      (path: number) => `GET /${path} HTTP/1.1\r\nHost: a\r\nExpect: a\r\n\r\n`,
    ],
    ['without the header Host', (path: number) => `GET /${path} HTTP/1.1\r\n\r\n`],
  ])('handles requests %s in their turn', async (_kind, text) => {
    const { open, mostUnderway } = await setup(answerLater);
    const socket = open();
    socket.write(numbers(200).map(text).join(''));
    expect(await read(socket, 200)).toEqual(numbers(200));
    expect(mostUnderway()).toBe(1);
  });

  it.each([
    ['after one request', 1],
    ['after many requests', 500],
  ])('reports what is not HTTP %s, when these are answered', async (_when, count) => {
    const { open } = await setup((request, response) => {
      setTimeout(() => response.end(`<${request.url}>`), 2);
    });
    const socket = open();
    socket.write(`${gets(count)}NONSENSE\r\n\r\n${gets(3)}`);
    expect(await readAll(socket)).toEqual([...numbers(count), 400]);
  });

  it.each([
    ['of the first request', 0],
    ['of a request that waits', 5],
  ])('reports a broken body %s instead of waiting for it', async (_which, count) => {
    const { open } = await setup((request, response) => {
      request.resume().on('end', () => setTimeout(() => response.end(`<${request.url}>`), 20));
    });
    const socket = open();
    socket.write(`${gets(count)}POST /9 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`);
    expect(await readAll(socket)).toEqual([...numbers(count), 400]);
  });

  it('reports a request that does not arrive in time after the answer to the one before', async () => {
    const { open } = await setup((request, response) => {
      setTimeout(() => response.end(`<${request.url}>`), 2_500);
    });
    const socket = open();
    socket.write(`${get('/0')}GET /1 HTTP/1.1\r\n`);
    expect(await readAll(socket)).toEqual([0, 408]);
  });

  it('starts no request that follows an answer with Connection: close', async () => {
    const { open, started } = await setup((request, response) => {
      setImmediate(() => response.setHeader('connection', 'close').end(`<${request.url}>`));
    });
    const socket = open();
    socket.write(gets(5));
    expect(await read(socket, 5)).toEqual([0]);
    await pause(100);
    expect(started()).toBe(1);
  });

  it('handles a request for another protocol as any other request', async () => {
    const { open } = await setup(answerLater);
    const socket = open();
    socket.write(`GET /7 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`);
    expect(await read(socket, 1)).toEqual([7]);
  });

  it('starts no request of a connection that was closed', async () => {
    const answers: (() => void)[] = [];
    const { open, started } = await setup((_request, response) => {
      answers.push(() => response.end());
    });
    const socket = open();
    socket.write(gets(100));
    await expect.poll(started).toBe(1);
    socket.resetAndDestroy();
    await pause(50);
    for (const answer of answers) answer();
    await pause(100);
    expect(started()).toBe(1);
  });
});
