import { describe, expect, it } from 'vitest';
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { foldEvents } from '../../domain/audition/view.ts';
import { attentionItem, factsUntilScheduled, trail } from '../../tests/harness/audition-trail.ts';
import { renderCurrentDetails } from './current-details.ts';

const detailsOf = (...more: readonly AuditionFact[]): string =>
  renderCurrentDetails(
    foldEvents(trail([...factsUntilScheduled('aud_1'), ...more])),
    'Night Ferry, Captain: first round',
  );
const detailsWith = (item: AttentionItem): string => detailsOf({ type: 'attention_raised', item });

describe('the current details of an audition', () => {
  it('say what the audition is about, its state, and what it waits for', () => {
    expect(detailsOf()).toMatch(
      /^\*\*scheduled\*\* Night Ferry, Captain: first round\. Waiting for answers, then for the session\.\n/,
    );
  });

  it('begin with the attention items and how to resolve them', () => {
    expect(detailsWith(attentionItem('att_aud_1-1'))).toMatch(
      /^\*\*Needs an operator: meeting\.\*\* Zoom is not answering .* `att_aud_1-1` with retry, override; due /,
    );
  });

  it('say that the audition waits for an account when it only has to be connected again', () => {
    const item = attentionItem('att_aud_1-1', { code: 'reconnect', connection: 'conn_1' });
    expect(detailsWith(item)).toMatch(/^\*\*Waits until an account is connected again: meeting\.\*\* /);
    expect(detailsWith({ ...item, overdue: true })).toMatch(
      /^\*\*Waits .* again \(overdue\): meeting\.\*\* /,
    );
  });
});
