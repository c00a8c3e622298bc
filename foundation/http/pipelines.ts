/**
 * Limits what one HTTP connection costs whose client sends requests without waiting for answers (pipelining). Node parses
 * all requests that arrive together, and passes them on simultaneously: 64 kB of them produce thousands of answers, which
 * stay in memory until the client reads them.
 *
 * Here, a connection has a few unanswered requests at a time. The others wait, and nothing more is read from the
 * connection until all of them are answered. A client that reads gets every answer, in order.
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
  /** Requests of one connection that are handled simultaneously. */
  readonly unanswered: number;
  /**
   * Requests that wait on all connections together. One read from a connection contains up to 2,500, and each takes about
   * 2 kB. The connection that exceeds the limit is closed.
   */
  readonly waiting: number;
  /** How long a client may take to read an answer that is complete, in milliseconds. */
  readonly readTimeoutMs: number;
  /** How long a connection may transfer nothing in either direction, in milliseconds. Longer than any answer takes. */
  readonly silenceMs: number;
}

const defaultLimits: PipelineLimits = {
  unanswered: 10,
  waiting: 20_000,
  readTimeoutMs: 30_000,
  silenceMs: 90_000,
};

/** A request and its answer. */
type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/** How many waiting requests are started in one turn of the event loop. Other connections are served between the turns. */
const startsPerTurn = 10;

/** Starts the waiting requests of all connections in turns. */
class Turns {
  /** The number of requests that wait on all connections. */
  waiting = 0;
  readonly #ready = new Set<Pipeline>();
  #isScheduled = false;

  /** Adds a connection that can start its next request. */
  add(pipeline: Pipeline): void {
    this.#ready.add(pipeline);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  remove(pipeline: Pipeline): void {
    this.#ready.delete(pipeline);
  }

  #run(): void {
    this.#isScheduled = false;
    for (let started = 0; started < startsPerTurn; started += 1) {
      const [next] = this.#ready;
      if (!next) return;
      this.#ready.delete(next);
      next.startNext();
    }
    const [next] = this.#ready;
    if (next) this.add(next);
  }
}

/** The requests of one connection. */
class Pipeline {
  readonly #socket: Socket;
  readonly #handle: RequestListener;
  readonly #limits: PipelineLimits;
  readonly #turns: Turns;
  #waiting: Exchange[] = [];
  #unanswered = 0;
  #isFull = false;

  constructor(socket: Socket, handle: RequestListener, limits: PipelineLimits, turns: Turns) {
    this.#socket = socket;
    this.#handle = handle;
    this.#limits = limits;
    this.#turns = turns;
    // Node resumes the socket after each request that it has parsed.
    socket.on('resume', () => {
      if (this.#isFull) this.#stopReading();
    });
    socket.once('close', () => this.#discard());
  }

  /** Whether requests wait, so that nothing is read. */
  get isFull(): boolean {
    return this.#isFull;
  }

  add(exchange: Exchange): void {
    if (this.#unanswered < this.#limits.unanswered && !this.#isFull) {
      this.#start(exchange);
      return;
    }
    this.#waiting.push(exchange);
    this.#turns.waiting += 1;
    if (this.#turns.waiting > this.#limits.waiting) this.#socket.destroy();
    else if (!this.#isFull) {
      this.#isFull = true;
      this.#stopReading();
    }
  }

  /** Starts the request that has waited longest. */
  startNext(): void {
    const next = this.#waiting.shift();
    if (!next) return;
    this.#turns.waiting -= 1;
    this.#start(next);
    const [{ complete: hasArrived }] = next;
    // The rest of its body follows.
    if (this.#waiting.length === 0 && !hasArrived) this.#readOn();
    else this.#continue();
  }

  #start([request, response]: Exchange): void {
    this.#unanswered += 1;
    let readTimer: NodeJS.Timeout | undefined;
    // The whole answer is in the buffer of the socket. `close` follows when the system has taken it.
    response.once('prefinish', () => {
      readTimer = setTimeout(() => this.#socket.destroy(), this.#limits.readTimeoutMs);
    });
    response.once('close', () => {
      clearTimeout(readTimer);
      this.#unanswered -= 1;
      if (this.#isFull) this.#continue();
    });
    this.#handle(request, response);
  }

  #continue(): void {
    if (this.#waiting.length > 0) {
      if (this.#unanswered < this.#limits.unanswered) this.#turns.add(this);
    } else if (this.#unanswered === 0) {
      // Not earlier: Node closes the connection when it reads that the client sends no more.
      this.#readOn();
    }
  }

  #readOn(): void {
    this.#isFull = false;
    this.#socket.resume();
  }

  /** Node stops reading at this event. `pause` does not emit it when the stream is paused and its resumption is pending. */
  #stopReading(): void {
    this.#socket.pause();
    this.#socket.emit('pause');
  }

  #discard(): void {
    this.#turns.remove(this);
    this.#turns.waiting -= this.#waiting.length;
    this.#waiting = [];
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
  /** Whether Node itself refuses requests without the header Host. */
  readonly requireHostHeader?: boolean;
}

export interface Pipelines {
  /** Creates a server whose connections are limited. */
  readonly createServer: (handle: RequestListener) => Server;
  /** Returns whether requests of the connection wait, so that nothing is read from it. */
  readonly isFull: (socket: Socket) => boolean;
}

/** Creates the limits of a server's connections. */
export const createPipelines = (
  settings: ServerSettings,
  limits: Partial<PipelineLimits> = {},
): Pipelines => {
  const effective = { ...defaultLimits, ...limits };
  const pipelines = new WeakMap<Socket, Pipeline>();
  const turns = new Turns();
  const pipelineOf = (socket: Socket, handle: RequestListener): Pipeline => {
    const existing = pipelines.get(socket);
    if (existing) return existing;
    const created = new Pipeline(socket, handle, effective, turns);
    pipelines.set(socket, created);
    return created;
  };
  return {
    createServer: (handle) =>
      createServer(settings, (request, response) =>
        pipelineOf(request.socket, handle).add([request, response]),
      ).setTimeout(effective.silenceMs),
    isFull: (socket) => pipelines.get(socket)?.isFull ?? false,
  };
};
