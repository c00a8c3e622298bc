/** Parses JSON. Returns undefined for other text, such as a gateway's error page: its status is enough. */
export const parseJsonOrUndefined = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
