/** An address that was found fit to be called, as it is kept: written in the one way, without a fragment. */
export const keptAddress = (url: string): string => {
  const kept = new URL(url);
  kept.hash = '';
  return kept.href;
};

/** For the audit of acts: a query may hold a token of the receiver's. */
export const namedAddress = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};
