/** Describes the facts of an audition for the demo's timeline. */
import type { AuditionFact } from '../../../domain/audition/events.ts';

export interface FactLine {
  readonly text: string;
  readonly tone: 'good' | 'plain' | 'warning';
}

const good = (text: string): FactLine => ({ text, tone: 'good' });
const plain = (text: string): FactLine => ({ text, tone: 'plain' });
const warning = (text: string): FactLine => ({ text, tone: 'warning' });

/** Returns the text and the tone of a fact. */
export const factLine = (fact: AuditionFact): FactLine => {
  switch (fact.type) {
    case 'requested':
      return plain(`requested: ${fact.round} round of ${fact.role} in ${fact.project}`);
    case 'holding_started':
      return plain('checked the calendars, holding the slot');
    case 'slot_held':
      return good(`slot held: ${fact.slot.start} to ${fact.slot.end}`);
    case 'slot_refused':
      return warning(`slot refused: ${fact.reason}`);
    case 'meeting_created':
      return good(`meeting on ${fact.meeting.provider}: ${fact.meeting.joinUrl}`);
    case 'meeting_settings_changed':
      return plain(`meeting settings that are not honoured: ${fact.notHonored.join(', ') || 'none'}`);
    case 'meeting_access_changed':
      return warning(`the meeting has another address: ${fact.access.joinUrl}`);
    case 'meeting_fell_back':
      return warning(
        `${fact.from} failed (${fact.reason}), ${fact.to ? `trying ${fact.to}` : 'no provider left'}`,
      );
    case 'meeting_lost':
      return warning(
        fact.reason === undefined
          ? `${fact.meeting.provider} no longer has the meeting`
          : `leaving the meeting on ${fact.meeting.provider} (${fact.reason})`,
      );
    case 'backup_announced':
      return warning('no meeting: the participants are notified how the audition takes place without one');
    case 'participant_joined':
      return good(`${fact.participant} joined the meeting`);
    case 'participant_left':
      return plain(`${fact.participant} left the meeting`);
    case 'calendar_event_written':
      return good(`calendar event written for ${fact.connection}`);
    case 'room_booked':
      return good(`room requested with ${fact.connection}`);
    case 'room_answered':
      return fact.answer === 'declined' ? warning('the room declined') : plain(`the room: ${fact.answer}`);
    case 'notified':
      return good(`${fact.notice} sent to ${fact.participant} by ${fact.channel}`);
    case 'scheduled':
      return good('meeting and calendar events are arranged: scheduled');
    case 'responded':
      return good(`${fact.participant} ${fact.answer} (by ${fact.origin})`);
    case 'answer_ignored':
      return plain(`${fact.participant} ${fact.answer} (by ${fact.origin}), ignored: ${fact.reason}`);
    case 'time_proposed':
      return warning(`${fact.participant} proposes ${fact.start ?? 'another time'}`);
    case 'confirmed':
      return good('all required participants accepted: confirmed');
    case 'confirmation_lost':
      return warning('no longer confirmed');
    case 'slot_moved':
      return plain(`moved to ${fact.slot.start}`);
    case 'move_reverted':
      return warning(`stays at ${fact.slot.start}: ${fact.reason}`);
    case 'move_refused':
      return warning(`the move was refused: ${fact.reason}`);
    case 'budget_nearly_spent':
      return warning(`${fact.used} of ${fact.budget} messages by ${fact.channel} are sent today`);
    case 'delivery_reported':
      return plain(`${fact.channel} to ${fact.participant}: ${fact.status}`);
    case 'recording_consented':
      return plain(`${fact.participant}: consent to a recording ${fact.consent}`);
    case 'recording_stored':
      return good(`recording stored: ${fact.files} files, ${fact.bytes} bytes`);
    case 'recording_missing':
      return warning(`no recording of the ${fact.provider} meeting: ${fact.reason}`);
    case 'recording_deleted':
      return plain(`recording deleted: ${fact.reason}`);
    case 'reminder_dropped':
      return warning(`reminder dropped for ${fact.participants.join(', ')}: ${fact.reason}`);
    case 'participant_added':
      return plain(`${fact.participant.id} was added as ${fact.participant.kind}`);
    case 'participant_removed':
      return plain(`${fact.participant} was removed`);
    case 'checked_in':
      return good(`${fact.participant} checked in`);
    case 'calendar_changed':
      return fact.change === 'put_back' || fact.change === 'conflict_over'
        ? good(`calendar of ${fact.participant ?? 'the room'}: ${fact.change}`)
        : warning(`calendar of ${fact.participant ?? 'the room'}: ${fact.change}`);
    case 'calendar_event_removed':
      return plain(`calendar event removed for ${fact.connection}: ${fact.reason}`);
    case 'session_block_changed':
      return fact.change === 'inside'
        ? good(`in a session of ${fact.block} again`)
        : warning(`outside of ${fact.block}: ${fact.change}`);
    case 'session_started':
      return good('session started');
    case 'session_ended':
      return good('session ended');
    case 'decided':
      return good(`decision: ${fact.decision}`);
    case 'reopened_for_decision':
      return plain(`reopened for a decision by ${fact.origin}`);
    case 'reopened_for_session':
      return plain(`reopened by ${fact.origin}: ${fact.slot.start}`);
    case 'taken_over':
      return warning(`a new run has taken over: ${fact.cause}`);
    case 'step_skipped':
      return warning(`skipped: ${fact.detail}`);
    case 'compensated':
      return plain(`compensated ${fact.step}: ${fact.result}`);
    case 'attention_raised':
      return warning(`ATTENTION ${fact.item.step}: ${fact.item.what} ${fact.item.hint}`);
    case 'attention_overdue':
      return warning(`attention ${fact.id} is overdue`);
    case 'attention_resolved':
      return good(`attention resolved by ${fact.by}: ${fact.action}`);
    case 'declined':
      return warning(`${fact.participant} declined`);
    case 'no_show':
      return warning('no show');
    case 'cancelled':
      return warning(`cancelled by ${fact.origin}`);
    case 'failed':
      return warning(`failed: ${fact.reason}`);
  }
};
