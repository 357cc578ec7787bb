/** A wire as React Flow knows it. */
import type { Edge } from '@xyflow/react';
import type { WireCourse } from './wire-course.ts';
import type { WireModel } from './wire-model.ts';

export type WireEdge = Edge<{ readonly model: WireModel; readonly course: WireCourse }, 'wire'>;
