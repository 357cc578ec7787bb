/** What a wire takes over from the others and from the cards about it: how it is led around, and what it says where. */
import { noDetour, type Detour } from './wire-path.ts';

export interface WireCourse {
  readonly detour: Detour;
  /** What a wire says, and at which of its spots; null where there is no room for it. */
  readonly label: { readonly text: string; readonly spot: number } | null;
}

export const plainCourse: WireCourse = { detour: noDetour, label: null };
