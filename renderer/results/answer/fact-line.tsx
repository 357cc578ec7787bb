import styles from './answer-side.module.css';

/** Facts behind one another, broken between two of them only: a figure keeps its unit. */
export function FactLine({ facts }: { readonly facts: readonly string[] }) {
  return (
    <p className={`numbers ${styles['facts']}`}>
      {facts.map((fact, place) => (
        <span key={fact}>
          {fact}
          {place < facts.length - 1 && ' · '}
        </span>
      ))}
    </p>
  );
}
