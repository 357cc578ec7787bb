/** A control that says itself what it is for: its name is for those who hear the page. */
import { useId, type ReactNode } from 'react';
import type { FieldIds } from './field.tsx';

interface UnlabelledProps {
  readonly name: string;
  readonly children: (ids: FieldIds) => ReactNode;
}

export function Unlabelled({ name, children }: UnlabelledProps) {
  const id = useId();
  const ids = { labelId: `${id}-label`, controlId: `${id}-control`, describedBy: '' };
  return (
    <>
      <label className="visually-hidden" id={ids.labelId} htmlFor={ids.controlId}>
        {name}
      </label>
      {children(ids)}
    </>
  );
}
