import styles from './answer-side.module.css';

/** Facts behind one another, broken between two of them only: a figure keeps its unit. */
export function FactLine({ facts }: { readonly facts: readonly string[] }) {
  return (
    <div className={`numbers ${styles['facts']}`}>
      <ul>
        {facts.map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ul>
    </div>
  );
}
