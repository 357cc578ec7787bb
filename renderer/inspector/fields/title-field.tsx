/** The title of a graph or a node, edited where it stands. */
import type { KeyboardEvent } from 'react';
import { documentLimits } from '#engine/contract/document.ts';
import styles from './title-field.module.css';

interface TitleFieldProps {
  /** "Title of the node" */
  readonly label: string;
  readonly title: string;
  /** Shown while there is none. */
  readonly placeholder: string;
  readonly onChange: (title: string) => void;
  /** The field was left. */
  readonly onSettle: () => void;
  readonly onTakeBack: () => void;
}

export function TitleField(props: TitleFieldProps) {
  const { label, title, placeholder, onChange, onSettle, onTakeBack } = props;
  const press = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onTakeBack();
    }
    if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
  };
  return (
    <h2 className={styles['heading']}>
      <input
        type="text"
        className={styles['title']}
        aria-label={label}
        value={title}
        placeholder={placeholder}
        maxLength={documentLimits.titleCharacters}
        title={title}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
        onBlur={onSettle}
        onKeyDown={press}
      />
    </h2>
  );
}
