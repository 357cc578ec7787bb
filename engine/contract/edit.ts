/** Changes to a graph as values: undo inverts them, a mend offers them, a test reads them. */
import { z } from 'zod';
import {
  edgeSchema,
  idSchema,
  nodeSchema,
  paramNameSchema,
  positionSchema,
  titleSchema,
  type DeepReadonly,
} from './document.ts';

/** Null where the node has no place of its own yet. */
const position = positionSchema.nullable();
/** A wire's place among the graph's wires, of which the first to an input counts, or a node's among its nodes. */
const index = z.int().min(0).optional();

export const editSchema = z.discriminatedUnion('type', [
  /** Behind all others where no place among them is given; pictures are put into Image nodes in that order. */
  z.object({ type: z.literal('add-node'), id: idSchema, node: nodeSchema, position, index }),
  /** `leaves` is a place that had the name before the node did. */
  z.object({
    type: z.literal('remove-node'),
    id: idSchema,
    leaves: positionSchema.optional(),
  }),
  z.object({ type: z.literal('set-graph-title'), title: titleSchema }),
  z.object({ type: z.literal('set-title'), id: idSchema, title: titleSchema.nullable() }),
  /** `value: null` where the parameter allows it; `remove: true` takes the parameter away. */
  z.object({
    type: z.literal('set-param'),
    id: idSchema,
    param: paramNameSchema,
    value: z.json(),
    remove: z.boolean().optional(),
  }),
  z.object({ type: z.literal('move-node'), id: idSchema, position }),
  /** Behind all others where no place is given. */
  z.object({ type: z.literal('connect'), edge: edgeSchema, index }),
  /** The last wire between these ports where no place is given. */
  z.object({ type: z.literal('disconnect'), edge: edgeSchema, index }),
]);

export type Edit = DeepReadonly<z.infer<typeof editSchema>>;
