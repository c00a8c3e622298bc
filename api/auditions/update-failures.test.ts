import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
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
  it('is the refusal that the workflow named, with its advice', () => {
    const refusal = thrownFor(failed('wrong_state', 'Look again.'));
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ code: 'wrong_state', message: 'No.', whatToDo: 'Look again.' });
  });

  it('still says what to do where the workflow gave no advice', () => {
    expect(thrownFor(failed('wrong_state'))).toHaveProperty('whatToDo', expect.stringMatching(/\w/));
  });

  it('is the end of the audition where the workflow ended under it', () => {
    expect(thrownFor(failed('AcceptedUpdateCompletedWorkflow'))).toBe('ended');
  });

  it('stays itself where it is nothing we know', () => {
    const unknown = failed('TypeError');
    expect(thrownFor(unknown)).toBe(unknown);
  });
});
