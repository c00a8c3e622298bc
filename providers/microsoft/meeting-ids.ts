/**
 * The id of a Teams meeting, as this service stores it. A meeting that is a part of an event has the ids of both: the event has
 * the time, and its removal ends the meeting; the online meeting has the options, the attendance and the recordings. Neither has
 * to be searched by the other, also after one of them is deleted.
 */

interface TeamsMeetingIds {
  /** Empty when it is not known yet. */
  readonly onlineMeeting: string;
  /** The immutable id of the event. Undefined for a meeting of no event. */
  readonly event?: string | undefined;
}

/** Ids of Graph are Base64, which does not have it. */
const separator = '~';

/** Returns the id of a meeting. */
export const meetingIdOf = ({ onlineMeeting, event }: TeamsMeetingIds): string =>
  event === undefined ? onlineMeeting : `${onlineMeeting}${separator}${event}`;

/** Returns the ids that the id of a meeting consists of. */
export const idsIn = (meetingId: string): TeamsMeetingIds => {
  const at = meetingId.indexOf(separator);
  return at < 0
    ? { onlineMeeting: meetingId }
    : { onlineMeeting: meetingId.slice(0, at), event: meetingId.slice(at + separator.length) };
};

export const onlineMeetingsPath = '/me/onlineMeetings';

/** Returns the path of the online meeting of a meeting. */
export const onlineMeetingPath = (meetingId: string): string =>
  `${onlineMeetingsPath}/${encodeURIComponent(idsIn(meetingId).onlineMeeting)}`;
