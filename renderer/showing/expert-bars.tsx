/** How the tokens of the prompt were spread over the experts: a row of bars a layer, the dashed line an even share. */
import type { ExpertLoads } from '#engine/contract/showing.ts';
import { layerLoads, type LayerLoad } from './layer-loads.ts';
import styles from './expert-bars.module.css';

export function ExpertBars({ loads }: { readonly loads: ExpertLoads }) {
  return (
    <ul className={styles['layers']} aria-label="Tokens sent to each expert, by layer">
      {layerLoads(loads).map((layer) => (
        <li key={layer.layer} className={styles['layer']}>
          <span className={styles['name']} aria-hidden>
            layer {layer.layer}
          </span>
          <Bars load={layer} />
        </li>
      ))}
    </ul>
  );
}

function Bars({ load }: { readonly load: LayerLoad }) {
  const { bars, evenShare, words } = load;
  return (
    <span className={styles['bars']} role="img" aria-label={words}>
      {bars.map(({ height, title }, expert) => (
        <span key={expert} className={styles['slot']} title={title}>
          <span
            className={styles['bar']}
            data-idle={height === 0 || undefined}
            style={{ height: `${100 * height}%` }}
          />
        </span>
      ))}
      <span className={styles['even']} style={{ bottom: `${100 * evenShare}%` }} aria-hidden />
    </span>
  );
}
