/** A wire as React Flow knows it. */
import type { Edge } from '@xyflow/react';
import type { WireModel } from './wire-model.ts';

export type WireEdge = Edge<{ readonly model: WireModel }, 'wire'>;
