/** Several nodes at once: what they are, what they have in common, and what can be done with all of them. */
import { Copy, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { catalogue } from '#nodes/index.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { runCommand, titleWithKeys } from '#renderer/commands/commands.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { sharedParams } from '#renderer/inspector/fields/bound-param.ts';
import { countFamilies } from '#renderer/inspector/sections/count-families.ts';
import { FamilyList } from '#renderer/inspector/sections/family-list.tsx';
import { ParamForm } from '#renderer/inspector/sections/param-form.tsx';
import panelStyles from '#renderer/inspector/sections/panel.module.css';
import styles from './several-panel.module.css';

interface SeveralPanelProps {
  readonly open: OpenDocument;
  readonly nodes: readonly string[];
  readonly problems: readonly Problem[];
}

export function SeveralPanel({ open, nodes, problems }: SeveralPanelProps) {
  const { document } = open;
  const shared = sharedParams(document, nodes, catalogue);
  return (
    <div className={panelStyles['panel']}>
      <h2>{nodes.length} nodes selected</h2>
      <FamilyList counts={countFamilies(checkedGraph(document), nodes)} />
      <div className={styles['buttons']}>
        <CommandButton id="edit.duplicate" title="Duplicate" icon={<Copy size={14} />} />
        <CommandButton id="edit.delete" title="Delete" icon={<Trash2 size={14} />} />
      </div>
      <section className={panelStyles['section']} aria-label="Common parameters">
        <h3 className={panelStyles['heading']}>In common</h3>
        {shared.length === 0 && (
          <p className={panelStyles['quiet']}>
            These nodes have no parameter in common. Select nodes with weights to change their
            precision together.
          </p>
        )}
        <ParamForm
          open={open}
          nodes={nodes}
          declared={shared}
          problems={problems}
          inferredOf={() => null}
        />
      </section>
    </div>
  );
}

interface CommandButtonProps {
  readonly id: string;
  readonly title: string;
  readonly icon: ReactNode;
}

function CommandButton({ id, title, icon }: CommandButtonProps) {
  return (
    <Hint text={titleWithKeys(id)}>
      <Button onClick={() => runCommand(id)}>
        {icon}
        {title}
      </Button>
    </Hint>
  );
}
