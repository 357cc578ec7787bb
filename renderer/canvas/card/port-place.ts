/** Which port of which card is meant. Pure. */

export type PortSide = 'inputs' | 'outputs';

export interface PortPlace {
  readonly node: string;
  readonly port: string;
  readonly side: PortSide;
}

export const portKey = ({ node, port, side }: PortPlace): string => `${side}/${node}/${port}`;
