/**
 * Limits what one HTTP connection costs whose client sends requests without waiting for answers (pipelining). Node parses
 * everything that it reads, up to 64 kB, and starts all requests of it simultaneously: 3,600 requests, whose answers stay in
 * memory until the client reads them.
 *
 * Here, the requests of a connection are handled one after another, and Node's parser receives one kilobyte at a time.
 * Nothing more is parsed until all requests that have arrived are answered. Other connections are served in between. A
 * client that reads gets every answer, in order.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

interface PipelineLimits {
  /** How long a client may take to read an answer that is complete, in milliseconds. */
  readonly readTimeoutMs: number;
  /** How long a connection may transfer nothing in either direction, in milliseconds. Longer than any answer takes. */
  readonly silenceMs: number;
}

const defaultLimits: PipelineLimits = {
  readTimeoutMs: 30_000,
  silenceMs: 90_000,
};

/** How much the parser receives before the requests in it are answered. The shortest request has 18 bytes. */
const sliceBytes = 1024;

/** A request and its answer. */
type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/** Removes the listeners of the event, and returns a function that calls them. */
const takeListeners = (socket: Socket, event: 'data' | 'end'): ((...data: readonly Buffer[]) => void) => {
  const listeners = socket.listeners(event);
  socket.removeAllListeners(event);
  return (...data) => {
    for (const listener of listeners) listener.call(socket, ...data);
  };
};

/** The requests of one connection. */
class Pipeline {
  readonly #socket: Socket;
  readonly #handle: RequestListener;
  readonly #limits: PipelineLimits;
  readonly #waiting: Exchange[] = [];
  /** How many bytes certainly belong to the body of the request that arrives. */
  #bodyBytes = 0;
  /** The request that is handled. */
  #current: IncomingMessage | undefined;
  #isFull = false;
  /** Tells Node that the client sends no more. Node then closes the connection, also before it has answered. */
  #end: (() => void) | undefined;
  /** Answers what could not be parsed, and closes the connection. */
  #refuse: (() => void) | undefined;

  constructor(socket: Socket, handle: RequestListener, limits: PipelineLimits) {
    this.#socket = socket;
    this.#handle = handle;
    this.#limits = limits;
    this.#parseInSlices();
    // Node resumes the socket after each request that it has parsed.
    socket.on('resume', () => {
      if (this.#isFull) socket.pause();
    });
    socket.once('close', () => this.#waiting.splice(0));
  }

  /** Calls `refuse` when all complete requests that have arrived are answered. Parses nothing more. */
  refuse(error: NodeJS.ErrnoException, refuse: () => void): void {
    // A request arrives late because the connection is not read until the earlier ones are answered.
    if (this.#isFull && error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return;
    this.#isFull = true;
    this.#socket.pause();
    this.#refuse = refuse;
    // Without a request, or in the body of the one that is handled, which will never be complete.
    if (!this.#current?.complete) this.#close(refuse);
  }

  add(exchange: Exchange): void {
    const [{ headers }] = exchange;
    // The body has begun in the slice that contains the end of the headers.
    this.#bodyBytes = Math.max(Number(headers['content-length'] ?? 0) - sliceBytes, 0);
    if (!this.#current && !this.#isFull) {
      this.#start(exchange);
      return;
    }
    this.#waiting.push(exchange);
    this.#isFull = true;
    this.#socket.pause();
  }

  /**
   * Puts itself between the socket and Node's parser. Node reads a socket as a stream, and not past its events, when a
   * listener of `data` is added. A server that upgrades connections would have to take this listener away again; none does.
   */
  #parseInSlices(): void {
    const socket = this.#socket;
    const parse = takeListeners(socket, 'data');
    const finish = takeListeners(socket, 'end');
    socket.on('end', () => {
      if (this.#isFull) this.#end = finish;
      else finish();
    });
    socket.on('data', (chunk: Buffer) => {
      let end = 0;
      // Node pauses the socket when a body is not read, or when answers are not.
      while (end < chunk.length && !this.#isFull && !socket.isPaused()) {
        // This connection is being closed: no further request gets an answer.
        if (socket.writableEnded || socket.destroyed) return;
        const start = end;
        end = Math.min(start + Math.max(this.#bodyBytes, sliceBytes), chunk.length);
        this.#bodyBytes = Math.max(this.#bodyBytes - (end - start), 0);
        parse(chunk.subarray(start, end));
      }
      if (end === chunk.length) return;
      // Node may have resumed the socket since.
      if (this.#isFull) socket.pause();
      socket.unshift(chunk.subarray(end));
    });
  }

  #start([request, response]: Exchange): void {
    this.#current = request;
    let readTimer: NodeJS.Timeout | undefined;
    // The whole answer is in the buffer of the socket. `close` follows when the system has taken it.
    response.once('prefinish', () => {
      readTimer = setTimeout(() => this.#socket.destroy(), this.#limits.readTimeoutMs);
    });
    response.once('close', () => {
      clearTimeout(readTimer);
      this.#current = undefined;
      // Other connections are served first.
      if (this.#isFull) setImmediate(() => this.#continue());
    });
    this.#handle(request, response);
  }

  #continue(): void {
    // The answer had `Connection: close`. No further request may be handled (RFC 9112, section 9.6).
    if (this.#socket.writableEnded) this.#waiting.splice(0);
    const next = this.#waiting.shift();
    const hasArrived = next?.[0].complete ?? false;
    if (this.#refuse && !hasArrived) {
      this.#close(this.#refuse);
      return;
    }
    if (!next) {
      this.#readOn();
      return;
    }
    this.#start(next);
    // The rest of its body follows.
    if (this.#waiting.length === 0 && !hasArrived) this.#readOn();
  }

  /** Refuses. What the client still sends is read and dropped, because a system that has unread data drops the answer. */
  #close(refuse: () => void): void {
    this.#waiting.splice(0);
    this.#isFull = false;
    refuse();
    this.#socket.resume();
  }

  #readOn(): void {
    this.#isFull = false;
    this.#socket.resume();
    this.#end?.();
  }
}

interface ServerSettings {
  /** Maximum time for a whole request to arrive, in milliseconds. */
  readonly requestTimeout: number;
  /** Maximum time for its headers to arrive. */
  readonly headersTimeout: number;
  /** How often Node enforces both. */
  readonly connectionsCheckingInterval: number;
  /** How long an idle connection is kept open. */
  readonly keepAliveTimeout: number;
}

type ClientErrorHandler = (error: NodeJS.ErrnoException, socket: Socket) => void;

export interface Pipelines {
  /**
   * Creates a server whose connections are limited. Its handler also receives the requests that Node would refuse itself,
   * outside of the limits: see `headFaultOf`.
   */
  readonly createServer: (handle: RequestListener) => Server;
  /** Returns a listener of `clientError` that calls `handle` in its turn: after the answers to earlier requests. */
  readonly inTurn: (handle: ClientErrorHandler) => ClientErrorHandler;
}

/** Creates the limits of a server's connections. */
export const createPipelines = (
  settings: ServerSettings,
  limits: Partial<PipelineLimits> = {},
): Pipelines => {
  const effective = { ...defaultLimits, ...limits };
  const pipelines = new WeakMap<Socket, Pipeline>();
  const queue: RequestListener = (request, response) =>
    pipelines.get(request.socket)?.add([request, response]);
  return {
    createServer: (handle) =>
      createServer({ ...settings, requireHostHeader: false }, queue)
        .on('checkExpectation', queue)
        .on('connection', (socket) => pipelines.set(socket, new Pipeline(socket, handle, effective)))
        .setTimeout(effective.silenceMs),
    inTurn: (handle) => (error, socket) => {
      const pipeline = socket.destroyed ? undefined : pipelines.get(socket);
      if (pipeline) pipeline.refuse(error, () => handle(error, socket));
      else handle(error, socket);
    },
  };
};
