/**
 * The options of Node for a worker process (https://nodejs.org/docs/latest-v24.x/api/cli.html). V8 lets a heap grow with the
 * memory of the machine before it collects garbage: a worker on a machine with 24 GB took three times what it used.
 *
 * - `--max-old-space-size`: megabytes, for each of the two heaps of the process: that of the main thread, and that of the
 *   thread that runs workflow code. Each uses up to 200 MB (`npm run bench -- --only memory`). A process that needs more ends.
 * - `--max-semi-space-size`: megabytes; a third of what the objects of a moment may take.
 */
export const workerNodeOptions = ['--max-old-space-size=512', '--max-semi-space-size=8'] as const;

/**
 * The environment of a worker process. glibc gives each thread an arena of its own, up to eight per core, and an arena keeps what
 * was freed in it. The SDK's core, Node and OpenSSL allocate from many threads: without the limit, a worker with 1,000 open
 * auditions had 50 MB more (https://man7.org/linux/man-pages/man3/mallopt.3.html, `M_ARENA_MAX`). Other C libraries ignore it.
 */
export const workerEnvironment = { MALLOC_ARENA_MAX: '2' } as const;
