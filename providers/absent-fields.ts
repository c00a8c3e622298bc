/**
 * Reads answers in which a field without a value is null instead of absent. The JSON form of Google's messages permits both
 * (https://protobuf.dev/programming-guides/json/: "null is an accepted value for all field types"). Graph
 * states selected properties without a value as null: https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html, 7.1.
 */

/** Returns the answer without the members that are null, at each depth. Elements of lists stay. Does not change its argument. */
export const withoutNulls = (answer: unknown): unknown => {
  if (Array.isArray(answer)) return answer.map(withoutNulls);
  if (!isObject(answer)) return answer;
  return Object.fromEntries(
    Object.entries(answer).flatMap(([name, value]) => (value === null ? [] : [[name, withoutNulls(value)]])),
  );
};

/** Only what JSON can contain is changed: a download is a stream or a Blob. */
const isObject = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
