/** The quiet time after a call that nobody saw end: it may still have its effect, so it is not made again yet. */
import type { ApplicationFailure } from '@temporalio/common';
import type { Doubt } from '../../db/repositories.ts';
import { busy } from '../failures.ts';
import { quietMs } from './call.ts';
import type { Operation } from './steps.ts';

/** Milliseconds that are left of it; 0 when nothing was handed over, or every call was seen to end. */
export const quietFor = ({ handedOver, givenUpForMs }: Doubt): number =>
  handedOver && givenUpForMs !== undefined ? Math.max(0, quietMs - givenUpForMs) : 0;

/** Meanwhile the provider is asked every so often: what arrives late is recorded soon. */
const lookAgainMs = 10_000;

export const waitForQuiet = (operation: Operation, remainingMs: number): ApplicationFailure =>
  busy(operation, remainingMs, lookAgainMs);
