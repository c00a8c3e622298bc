/**
 * Puts join links into auditions that leave the service. The stored audition has the address of the meeting at its
 * provider, which participants must not get: it can change until the session.
 */
import type { JoinLinkRequest, JoinLinks } from '../../db/auditions/join-links.ts';
import type { AuditionView, ParticipantView } from '../../domain/audition/view.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { JoinLinkIds } from '../../foundation/links/join-link.ts';

/** An audition as the API returns it. */
export type AuditionAnswer = Omit<AuditionView, 'participants'> & {
  readonly participants: readonly (ParticipantView & {
    /** The participant's own join link. Absent when there is no meeting, and when the audition is closed. */
    readonly joinUrl?: string | undefined;
  })[];
};

export interface JoinAddresses {
  /** Returns the address of a link. */
  urlOf(id: string): string;
  /** Returns the auditions with the join link of each participant, and that of the audition as the link of the meeting. */
  forAnswer(views: readonly AuditionView[]): Promise<readonly AuditionAnswer[]>;
  /** Returns the auditions with the participant's own join link as the link of the meeting. */
  forParticipant(
    views: readonly AuditionView[],
    participant: ParticipantId,
  ): Promise<readonly AuditionView[]>;
  /** Returns the auditions with their own join links, for readers who are not known. */
  forEveryone(views: readonly AuditionView[]): Promise<readonly AuditionView[]>;
}

/** Creates the addresses. A call costs one statement, and another one when links are issued for the first time. */
export const createJoinAddresses = ({
  joinLinks,
  ids,
  publicUrl,
}: {
  readonly joinLinks: Pick<JoinLinks, 'issue'>;
  readonly ids: JoinLinkIds;
  readonly publicUrl: string;
}): JoinAddresses => {
  const urlOf = (id: string): string => `${publicUrl}/j/${id}`;

  const withMeetingLinks = async (
    views: readonly AuditionView[],
    requestOf: (view: AuditionView) => JoinLinkRequest,
  ): Promise<readonly AuditionView[]> => {
    const linked = views.filter(hasLinks);
    const issued = await joinLinks.issue(linked.map(requestOf), ids);
    const urls = new Map(linked.map(({ id }, index) => [id, issued[index]]));
    return views.map((view) => withMeetingUrl(view, urls.get(view.id), urlOf));
  };

  return {
    urlOf,

    async forAnswer(views) {
      const requests = views
        .filter(hasLinks)
        .flatMap((view) => [
          sharedRequest(view),
          ...(view.state === 'closed' ? [] : view.participants.map(({ id }) => personalRequest(view, id))),
        ]);
      const issued = await joinLinks.issue(requests, ids);
      const idOf = new Map(requests.map((request, index) => [keyOf(request), issued[index]]));
      return views.map((view) => ({
        ...withMeetingUrl(view, idOf.get(keyOf(sharedRequest(view))), urlOf),
        participants: view.participants.map((participant) => {
          const id = idOf.get(keyOf(personalRequest(view, participant.id)));
          return id === undefined ? participant : { ...participant, joinUrl: urlOf(id) };
        }),
      }));
    },

    forParticipant: (views, participant) =>
      withMeetingLinks(views, (view) => personalRequest(view, participant)),
    forEveryone: (views) => withMeetingLinks(views, sharedRequest),
  };
};

const hasLinks = ({ joinLinks, meeting }: AuditionView): boolean =>
  joinLinks !== undefined && meeting !== undefined;

const sharedRequest = ({ organization, id }: AuditionView): JoinLinkRequest => ({
  organization,
  auditionId: id,
});

const personalRequest = (view: AuditionView, participant: ParticipantId): JoinLinkRequest => ({
  ...sharedRequest(view),
  participant,
});

const keyOf = ({ auditionId, participant }: JoinLinkRequest): string => `${auditionId} ${participant ?? ''}`;

const withMeetingUrl = (
  view: AuditionView,
  id: string | undefined,
  urlOf: (id: string) => string,
): AuditionView =>
  view.meeting && id !== undefined ? { ...view, meeting: { ...view.meeting, joinUrl: urlOf(id) } } : view;
