/** Limits for tests with generated requests: otherwise most responses would be 429, and the generator slows the process down. */
import { loadLimits } from '../../api/access/load-shedding.ts';
import { rateLimits } from '../../api/access/rate-limits.ts';

const unlimited = { max: Number.MAX_SAFE_INTEGER, windowMs: 1_000 };

export const noLimits = {
  ...rateLimits,
  ...loadLimits,
  maxEventLoopDelayMs: 600_000,
  read: unlimited,
  command: unlimited,
  page: unlimited,
  link: unlimited,
};
