/** Reads the OData query options of the event collections: https://learn.microsoft.com/graph/query-parameters */
import { z } from 'zod';
import { GraphError } from './errors.ts';

const invalidQuery = (message: string): GraphError => new GraphError(400, 'BadRequest', message);

const propertyId =
  "(?:String|Integer|Boolean|CLSID|SystemTime) \\{[0-9a-fA-F-]{36}\\} (?:Name [^']+|Id 0x[0-9a-fA-F]+)";
const equalsProperty = new RegExp(
  `^singleValueExtendedProperties/[Aa]ny\\((\\w+): ?\\1/id eq '(${propertyId})' and \\1/value eq '([^']*)'\\)$`,
);
const expandsProperties = /^singleValueExtendedProperties\(\$filter=(.+)\)$/;
const idIs = new RegExp(`^id eq '(${propertyId})'$`);

/** Returns whether the text is the id of a named or tagged property. */
export const isPropertyId = (text: string): boolean => new RegExp(`^${propertyId}$`).test(text);

export const collectionQuerySchema = z.object({
  $filter: z.string().optional(),
  $expand: z.string().optional(),
  $select: z.string().optional(),
  $top: z.coerce.number().int().min(1).max(1000).default(10),
  $skip: z.coerce.number().int().min(0).default(0),
  startDateTime: z.string().optional(),
  endDateTime: z.string().optional(),
});
export type CollectionQuery = z.infer<typeof collectionQuerySchema>;

/**
 * Returns the property and the value that events must have.
 *
 * @throws {GraphError} a 400 for any other filter.
 */
export const readFilter = (filter: string | undefined): { id: string; value: string } | undefined => {
  if (filter === undefined) return undefined;
  const [, , id, value] = equalsProperty.exec(filter) ?? [];
  if (id === undefined || value === undefined) throw invalidQuery(`Invalid filter clause: ${filter}`);
  return { id, value };
};

/**
 * Returns the ids of the extended properties to send. Without a filter Graph sends none.
 *
 * @throws {GraphError} a 400 for any other expansion.
 */
export const readExpand = (expand: string | undefined): readonly string[] => {
  if (expand === undefined) return [];
  const [, filter] = expandsProperties.exec(expand) ?? [];
  if (filter === undefined) {
    throw invalidQuery('ExtendedProperty not specified in $expand. Specify it with a filter on id.');
  }
  return filter.split(' or ').map((clause) => {
    const [, id] = idIs.exec(clause) ?? [];
    if (id === undefined) throw invalidQuery(`Invalid filter clause: ${filter}`);
    return id;
  });
};

/**
 * Reduces an item to the selected fields. The id, the entity tag and expanded properties are always sent.
 *
 * @throws {GraphError} a 400 for a field that the item does not have.
 */
export const selectFrom = <Item extends object>(
  item: Item,
  select: string | undefined,
  known: readonly string[] = Object.keys(item),
): Partial<Item> => {
  if (select === undefined) return item;
  const fields = select.split(',');
  const unknown = fields.find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw invalidQuery(
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}'.`,
    );
  }
  const always = ['id', '@odata.etag', 'singleValueExtendedProperties'];
  const kept: Partial<Item> = { ...item };
  for (const name of Object.keys(item)) {
    if (!fields.includes(name) && !always.includes(name)) Reflect.deleteProperty(kept, name);
  }
  return kept;
};
