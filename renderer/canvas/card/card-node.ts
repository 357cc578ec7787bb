/** A card as React Flow knows it. */
import type { Node } from '@xyflow/react';
import type { CardModel } from './card-model.ts';

export type CardNode = Node<{ readonly model: CardModel }, 'card'>;
