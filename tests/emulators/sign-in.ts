/** Chooses an account on the sign-in page of an emulator. */

interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

const formsOf = (page: string): readonly Form[] =>
  [...page.matchAll(/<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)].map(
    ([, action = '', inside = '']) => ({
      action,
      fields: Object.fromEntries(
        [...inside.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
          name,
          unescaped(value),
        ]),
      ),
    }),
  );

const unescaped = (text: string): string => text.replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** Signs in with this account. Returns the query parameters of the redirect to our callback. */
export const signInAs = async (account: string, page: string): Promise<URLSearchParams> => {
  const shown = await (await fetch(page)).text();
  const chosen = formsOf(shown).find(({ fields }) => fields['email'] === account);
  if (!chosen) throw new Error(`the page does not offer ${account}: ${shown.slice(-2_000)}`);
  const answer = await fetch(new URL(chosen.action, page), {
    method: 'POST',
    body: new URLSearchParams(chosen.fields),
    redirect: 'manual',
  });
  const location = answer.headers.get('location');
  if (!location) throw new Error(`the sign-in did not redirect: ${answer.status} ${await answer.text()}`);
  return new URL(location).searchParams;
};
