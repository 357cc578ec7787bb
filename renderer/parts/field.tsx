/** A labelled control of a form: its help as a hint, what is wrong under it, the way back to the default. */
import { Tooltip } from '@base-ui/react/tooltip';
import { RotateCcw } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { Hint } from './hint.tsx';
import hintStyles from './hint.module.css';
import styles from './field.module.css';

/** What a control needs so that it is named and described. */
export interface FieldIds {
  readonly labelId: string;
  readonly controlId: string;
  readonly describedBy: string;
}

interface FieldProps {
  readonly label: string;
  /** One sentence; shown over the label and to those who come by keyboard. */
  readonly help?: string | undefined;
  /** Several controls under one name, or one. */
  readonly isGroup?: boolean;
  /** Control and label on one line. */
  readonly isRow?: boolean;
  /** Beside the label: a number over its slider. */
  readonly aside?: (ids: FieldIds) => ReactNode;
  /** Under the control: what the choice means. */
  readonly note?: ReactNode;
  /** Why what is typed is not taken. */
  readonly reason?: string | null;
  /** What is wrong with the value that is taken. */
  readonly problems?: ReactNode;
  /** Null where there is nothing to take back. */
  readonly onReset?: (() => void) | null;
  readonly children?: (ids: FieldIds) => ReactNode;
}

export function Field(props: FieldProps) {
  const { help, isRow = false, aside, note, reason = null, problems, children } = props;
  const id = useId();
  const ids: FieldIds = {
    labelId: `${id}-label`,
    controlId: `${id}-control`,
    describedBy: `${id}-about ${id}-wrong`,
  };
  const [isReached, setReached] = useState(false);
  return (
    <div
      className={styles['field']}
      data-row={isRow || undefined}
      onKeyUp={({ key }) => key === 'Tab' && setReached(true)}
      onKeyDown={() => setReached(false)}
      onBlur={() => setReached(false)}
    >
      <div className={styles['head']}>
        <Label {...props} ids={ids} isReached={isReached} />
        {props.onReset && <Reset labelId={ids.labelId} onReset={props.onReset} />}
        {aside && <div className={styles['aside']}>{aside(ids)}</div>}
      </div>
      {children?.(ids)}
      <div id={`${id}-about`}>
        {note !== undefined && <p className={styles['note']}>{note}</p>}
        {help !== undefined && <span className="visually-hidden">{help}</span>}
      </div>
      <div id={`${id}-wrong`} className={styles['wrong']} aria-live="polite">
        {reason}
        {problems}
      </div>
    </div>
  );
}

type LabelProps = Pick<FieldProps, 'label' | 'help' | 'isGroup'> & {
  readonly ids: FieldIds;
  /** Did one come here by the Tab key? Then the help is shown without a pointer. */
  readonly isReached: boolean;
};

function Label({ label, help, isGroup = false, ids, isReached }: LabelProps) {
  const [isHovered, setHovered] = useState(false);
  const { labelId, controlId } = ids;
  const element = isGroup ? (
    <span id={labelId} className={styles['label']}>
      {label}
    </span>
  ) : (
    <label id={labelId} htmlFor={controlId} className={styles['label']}>
      {label}
    </label>
  );
  if (help === undefined) return element;
  return (
    <Tooltip.Root open={isHovered || isReached} onOpenChange={setHovered}>
      <Tooltip.Trigger render={element} />
      <Tooltip.Portal>
        <Tooltip.Positioner side="left" sideOffset={12} className={hintStyles['positioner']}>
          <Tooltip.Popup className={hintStyles['hint']}>{help}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

function Reset({ labelId, onReset }: { readonly labelId: string; readonly onReset: () => void }) {
  return (
    <Hint text="Reset to default">
      <button
        type="button"
        className={styles['reset']}
        aria-label="Reset to default"
        aria-describedby={labelId}
        onClick={onReset}
      >
        <RotateCcw size={12} />
      </button>
    </Hint>
  );
}
