/** Two presets side by side: their pictures, what they take, what they are made of, and how shared parts are set. */
import { formatBytes, formatCount } from '#engine/contract/format.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import { visualTokensText, type PresetSummary } from '#engine/contract/preset-summary.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { openPreset } from '#renderer/files/file-actions.ts';
import { closeOverlay } from '#renderer/overlay/overlay.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Dialog } from '#renderer/parts/dialog.tsx';
import { comparedParts, comparedSettings, type ComparedRow } from './compare-graphs.ts';
import { GraphPicture } from './graph-picture.tsx';
import { usePresetDocument, usePresets } from './presets.ts';
import styles from './compare-dialog.module.css';

interface CompareDialogProps {
  readonly ids: readonly [string, string];
}

export function CompareDialog({ ids: [left, right] }: CompareDialogProps) {
  const asked = usePresets();
  const documents = [usePresetDocument(left, true), usePresetDocument(right, true)] as const;
  const summaries = asked.state === 'there' ? asked.presets : [];
  const [ours, theirs] = [left, right].map((id) => summaries.find((each) => each.id === id));
  if (!ours || !theirs) return null;
  return (
    <Dialog
      title={`${ours.title} beside ${theirs.title}`}
      about="What is the same stands back; what differs is set off."
      width={860}
      onClose={closeOverlay}
    >
      <Table sides={[ours, theirs]} documents={documents} />
    </Dialog>
  );
}

interface TableProps {
  readonly sides: readonly [PresetSummary, PresetSummary];
  readonly documents: readonly [GraphDocument | null, GraphDocument | null];
}

function Table({ sides, documents }: TableProps) {
  const [left, right] = documents;
  const parts = left && right ? comparedParts(checkedGraph(left), checkedGraph(right)) : [];
  const settings = left && right ? comparedSettings(checkedGraph(left), checkedGraph(right)) : [];
  return (
    <table className={styles['table']}>
      <thead>
        <tr>
          <td />
          {sides.map((preset, index) => (
            <th key={preset.id} scope="col">
              <div className={styles['picture']}>
                {documents[index] && <GraphPicture document={documents[index]} />}
              </div>
              <span className={styles['name']}>{preset.title}</span>
              <Button onClick={() => start(preset.id)}>Start from this</Button>
            </th>
          ))}
        </tr>
      </thead>
      <Rows title="Takes" rows={figureRows(...sides)} />
      <Rows title="Made of" rows={parts} />
      <Rows title="Set otherwise" rows={settings} />
    </table>
  );
}

function start(id: string): void {
  closeOverlay();
  void openPreset(id);
}

function Rows({ title, rows }: { readonly title: string; readonly rows: readonly ComparedRow[] }) {
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th className={styles['title']} scope="rowgroup" colSpan={3}>
          {title}
        </th>
      </tr>
      {rows.map(({ what, left, right }, index) => (
        <tr key={`${what} ${index}`} data-same={left === right || undefined}>
          <th scope="row">{what}</th>
          <td>{left ?? <None />}</td>
          <td>{right ?? <None />}</td>
        </tr>
      ))}
    </tbody>
  );
}

const None = () => <span className={styles['none']}>none</span>;

function figureRows(left: PresetSummary, right: PresetSummary): readonly ComparedRow[] {
  const row = (what: string, text: (preset: PresetSummary) => string): ComparedRow => ({
    what,
    left: text(left),
    right: text(right),
  });
  const choosesExperts = [left, right].some((each) => each.activeParameters < each.parameters);
  return [
    row('Parameters', ({ parameters }) => formatCount(parameters)),
    ...(choosesExperts
      ? [row('Active for a token', ({ activeParameters }) => formatCount(activeParameters))]
      : []),
    row('Visual tokens', visualTokensText),
    row('Weights', ({ weightBytes }) => formatBytes(weightBytes)),
    row('Memory, estimated', ({ peakBytes }) => formatBytes(peakBytes)),
    row('Paper', ({ publication }) =>
      publication?.paper === undefined ? 'none' : `arXiv ${publication.paper}`,
    ),
  ];
}
