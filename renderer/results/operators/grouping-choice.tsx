/** By what the operators of a row are put together. */
import { useId } from 'react';
import type { Grouping } from '#engine/profile/group-operators.ts';
import { Segmented } from '#renderer/parts/segmented.tsx';
import styles from './grouping-choice.module.css';

const options = [
  { value: 'kind', label: 'Kind' },
  { value: 'layer', label: 'Layer' },
  { value: 'operator', label: 'Operator' },
] as const satisfies readonly { readonly value: Grouping; readonly label: string }[];

interface GroupingChoiceProps {
  readonly by: Grouping;
  readonly onChange: (by: Grouping) => void;
}

export function GroupingChoice({ by, onChange }: GroupingChoiceProps) {
  const labelId = useId();
  return (
    <div className={styles['grouping']}>
      <span className={styles['label']} id={labelId}>
        Put together by
      </span>
      <Segmented
        ids={{ labelId, controlId: '', describedBy: '' }}
        options={options}
        value={by}
        onChange={onChange}
      />
    </div>
  );
}
