/** Changes to a graph as values: undo inverts them, a mend offers them, a test reads them. */
import { z } from 'zod';
import { edgeSchema, nodeSchema, type DeepReadonly } from './document.ts';

const position = z.object({ x: z.number(), y: z.number() });

export const editSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('add-node'), id: z.string(), node: nodeSchema, position }),
  z.object({ type: z.literal('remove-node'), id: z.string() }),
  z.object({ type: z.literal('set-title'), id: z.string(), title: z.string().nullable() }),
  /** `value: null` where the parameter allows it; `remove: true` takes the parameter away. */
  z.object({
    type: z.literal('set-param'),
    id: z.string(),
    param: z.string(),
    value: z.json(),
    remove: z.boolean().optional(),
  }),
  z.object({ type: z.literal('move-node'), id: z.string(), position }),
  z.object({ type: z.literal('connect'), edge: edgeSchema }),
  z.object({ type: z.literal('disconnect'), edge: edgeSchema }),
]);

export type Edit = DeepReadonly<z.infer<typeof editSchema>>;
