/** What the graph was published as: its weights, and what is reported of it. */
import type { Publication } from '#engine/contract/document.ts';
import type { Reference } from '#engine/node/node-definition.ts';
import styles from './panel.module.css';
import ownStyles from './published.module.css';

/** Paper and code, as links. */
export function publishedReferences(publication: Publication | undefined): readonly Reference[] {
  const { paper, code } = publication ?? {};
  return [
    ...(paper === undefined
      ? []
      : [{ title: `Paper: arXiv ${paper}`, url: `https://arxiv.org/abs/${paper}` }]),
    ...(code === undefined ? [] : [{ title: `Code: ${code}`, url: `https://github.com/${code}` }]),
  ];
}

export function Published({ publication }: { readonly publication: Publication | undefined }) {
  const { weights = [], reported } = publication ?? {};
  if (weights.length === 0 && reported === undefined) return null;
  return (
    <section className={styles['section']} aria-label="Published">
      <h3 className={styles['heading']}>Published</h3>
      <dl className={ownStyles['list']}>
        {weights.map(({ name, licence, layout }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{`${licence}; ${layout}`}</dd>
          </div>
        ))}
        {reported && (
          <div>
            <dt>{reportedText(reported)}</dt>
            <dd>{reported.source}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function reportedText(reported: NonNullable<Publication['reported']>): string {
  const { parameters, activeParameters, visualTokens, counts } = reported;
  const of = counts === 'language-model' ? ' in the language model' : '';
  return [
    parameters === undefined ? [] : [`${parameters} parameters${of}`],
    activeParameters === undefined ? [] : [`${activeParameters} active${of}`],
    visualTokens === undefined ? [] : [`${visualTokens} visual tokens`],
  ]
    .flat()
    .join(', ');
}
