/** A gateway's error page is no JSON, and is no news either: the status has said it. */
export const parseJsonOrUndefined = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
