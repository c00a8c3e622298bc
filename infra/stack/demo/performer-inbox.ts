/** The performer's side of the demo: reads the real email and uses the link in it. */
import { z } from 'zod';

const mailSchema = z.object({
  to: z.array(z.object({ address: z.string() })),
  text: z.string().default(''),
});

/** The link in the newest email to the address; undefined as long as there is none. @param inboxApi maildev's REST API */
export const responseLinkFor = async (inboxApi: string, address: string): Promise<string | undefined> => {
  // Where the demo has taken the inbox away there is no answer at all.
  const answer = await fetch(`${inboxApi}/email?sort=desc`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  if (!answer?.ok) return undefined;
  const mails = z.array(mailSchema).parse(await answer.json());
  return mails
    .filter(({ to }) => to.some((recipient) => recipient.address === address))
    .map(({ text }) => /https?:\/\/\S+\/respond\/[\w.-]+/.exec(text)?.[0])
    .find((link) => link !== undefined);
};

/** Answers as the button on the page does. Throws when the page refuses. */
export const acceptInvitation = async (link: string): Promise<void> => {
  const answer = await fetch(link, {
    method: 'POST',
    body: new URLSearchParams({ answer: 'accepted' }),
    signal: AbortSignal.timeout(30_000),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the page behind the performer's link answered ${answer.status}`);
};
