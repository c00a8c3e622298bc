import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../domain/errors.ts';
import { unwrapUpdateFailure } from './update-failures.ts';

const failed = (type: string, ...details: unknown[]) =>
  new WorkflowUpdateFailedError('failed', ApplicationFailure.create({ type, message: 'No.', details }));

const thrownFor = (error: unknown): unknown => {
  try {
    return unwrapUpdateFailure(error);
  } catch (thrown) {
    return thrown;
  }
};

describe('a failed update', () => {
  it('becomes the refusal of the workflow, with its advice', () => {
    const refusal = thrownFor(failed('wrong_state', 'Look again.'));
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ code: 'wrong_state', message: 'No.', whatToDo: 'Look again.' });
  });

  it('keeps what blocks the slot, and drops what is not readable', () => {
    const conflict = {
      blockers: [
        {
          kind: 'blackout',
          participants: [],
          start: '2026-12-24T00:00:00.000Z',
          end: '2026-12-25T00:00:00.000Z',
        },
      ],
    };
    expect(thrownFor(failed('slot_taken', 'Choose.', conflict))).toMatchObject({
      code: 'slot_taken',
      conflict,
    });
    expect(thrownFor(failed('slot_taken', 'Choose.', { blockers: 'all' }))).toHaveProperty(
      'conflict',
      undefined,
    );
  });

  it('gets default advice when the workflow gave none', () => {
    expect(thrownFor(failed('wrong_state'))).toHaveProperty('whatToDo', expect.stringMatching(/\w/));
  });

  it('is reported as ended when the workflow closed before the update completed', () => {
    expect(thrownFor(failed('AcceptedUpdateCompletedWorkflow'))).toBe('ended');
  });

  it('is reported as ended when a reset has superseded the run', () => {
    const cause = ApplicationFailure.create({ type: 'trail_ahead', nonRetryable: true });
    const activity = new ActivityFailure('failed', 'recordEvents', '7', 'NON_RETRYABLE_FAILURE', 'w', cause);
    expect(thrownFor(new WorkflowUpdateFailedError('failed', activity))).toBe('ended');
  });

  it('is thrown unchanged when it is unknown', () => {
    const unknown = failed('TypeError');
    expect(thrownFor(unknown)).toBe(unknown);
  });
});
