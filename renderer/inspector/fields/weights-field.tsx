/** Where a node's weights come from: seeded random numbers, or a checkpoint folder. */
import { Dices, FolderOpen } from 'lucide-react';
import { useRef, useState } from 'react';
import type { GraphDocument } from '#engine/contract/document.ts';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { weightsChoiceSchema } from '#engine/contract/sources.ts';
import { sameValue } from '#engine/same-value.ts';
import { choosePlace } from '#renderer/connection/chosen-places.ts';
import { chooseFolder } from '#renderer/files/choose-path.ts';
import { IconButton } from '#renderer/parts/button.tsx';
import { Field } from '#renderer/parts/field.tsx';
import { Segmented } from '#renderer/parts/segmented.tsx';
import { TextField } from '#renderer/parts/text-field.tsx';
import { sealStep } from '#renderer/workspace/workspace-store.ts';
import { mergeKeyOf, type BoundParam } from './bound-param.ts';
import { chooseParam, resetToDefault, takeBackTyping, typeParam } from './change-param.ts';
import { builtinName, likelyFolders } from './checkpoint-folders.ts';
import { fillFromFolder } from './fill-from-folder.ts';
import { LikelyFolders } from './likely-folders.tsx';
import { ProblemLines } from './problem-lines.tsx';
import { randomSeed } from './random-seed.ts';
import { parseWhole, seedParam, stepped, writeNumber, type ParamOf } from './typed-number.ts';
import { useTyped } from './use-typed.ts';
import styles from './weights-field.module.css';

type Kind = 'random' | 'checkpoint';

interface WeightsFieldProps {
  readonly bound: BoundParam<ParamOf<'weights'>>;
  readonly document: GraphDocument;
}

export function WeightsField({ bound, document }: WeightsFieldProps) {
  const { param, value, isChanged, problems } = bound;
  const parsed = weightsChoiceSchema.safeParse(value);
  const choice = parsed.success ? parsed.data : null;
  const folder = choice?.kind === 'checkpoint' ? choice.folder : null;
  // A folder that is not named yet is no value; the one named before comes back.
  const [wantsFolder, setWantsFolder] = useState(false);
  const [lastFolder, setLastFolder] = useState<string | null>(null);
  const kind: Kind | null = wantsFolder ? 'checkpoint' : (choice?.kind ?? null);
  const [said, setSaid] = useState<readonly string[]>([]);
  const { standIn } = param;
  /** Typed to its end, a folder is chosen like one from a dialog. */
  const settleFolder = async (typed: string): Promise<void> => {
    await choosePlace(typed, bound.baseFolder);
    await fill(typed);
  };
  const fill = async (from: string): Promise<void> => {
    // Only a folder of weights says what the node's other parameters are.
    if (standIn) {
      sealStep();
      return;
    }
    const isWanted = ({ nodes }: GraphDocument): boolean =>
      bound.nodes.every((id) =>
        sameValue(nodes[id]?.params[bound.name], { kind: 'checkpoint', folder: from }),
      );
    const step = { label: 'Change weights', mergeKey: mergeKeyOf(bound), isWanted };
    setSaid(await fillFromFolder({ ...bound, folder: from, ...step }));
  };
  const takeFolder = (next: string): void => {
    setWantsFolder(false);
    sealStep();
    typeParam(bound, { kind: 'checkpoint', folder: next });
    void fill(next);
  };
  const chooseKind = (next: Kind): void => {
    setWantsFolder(next === 'checkpoint' && lastFolder === null && folder === null);
    if (next === 'random') {
      setLastFolder(folder);
      if (choice?.kind !== 'random') chooseParam(bound, { kind: 'random', seed: 0 });
    } else if (lastFolder !== null) takeFolder(lastFolder);
  };
  return (
    <div className={styles['weights']}>
      <Field
        label={param.label}
        help={param.help}
        isGroup
        note={value === undefined && !wantsFolder ? 'The selected nodes differ.' : undefined}
        problems={kind === 'random' ? <ProblemLines problems={problems} /> : undefined}
        onReset={isChanged ? () => resetToDefault(bound) : null}
      >
        {(ids) => (
          <Segmented
            ids={ids}
            options={[
              { value: 'random', label: standIn?.label ?? 'Seeded random' },
              { value: 'checkpoint', label: 'Folder' },
            ]}
            value={kind}
            onChange={chooseKind}
          />
        )}
      </Field>
      {kind === 'random' && (
        <>
          <p className={styles['random']}>
            {standIn?.about ?? 'Random weights: timing is real, words are not.'}
          </p>
          {!standIn && (
            <SeedField bound={bound} seed={choice?.kind === 'random' ? choice.seed : 0} />
          )}
        </>
      )}
      {kind === 'checkpoint' && (
        <>
          <FolderField
            bound={bound}
            folder={folder}
            said={said}
            onType={() => {
              setWantsFolder(false);
              setSaid([]);
            }}
            onSettle={settleFolder}
            onChoose={takeFolder}
          />
          <LikelyFolders
            folders={likelyFolders(document, bound.nodes, folder)}
            onChoose={takeFolder}
          />
        </>
      )}
    </div>
  );
}

function SeedField({ bound, seed }: { readonly bound: BoundParam; readonly seed: number }) {
  const take = (next: number): void => typeParam(bound, { kind: 'random', seed: next });
  const typed = useTyped({
    key: `${bound.documentId}/${mergeKeyOf(bound)}/seed`,
    value: seed,
    written: writeNumber(seed),
    parse: (text) => parseWhole(seedParam, text),
    take,
    settle: sealStep,
    takeBack: () => takeBackTyping(bound.documentId, mergeKeyOf(bound)),
    step: (steps) => stepped(seedParam, seed, steps),
  });
  return (
    <Field
      label={seedParam.label}
      help={seedParam.help}
      isRow
      reason={typed.reason}
      aside={(ids) => (
        <div className={`${styles['beside']} ${styles['seed']}`}>
          <TextField {...typed.input} ids={ids} isFigure isWrong={typed.reason !== null} />
          <IconButton
            icon={<Dices size={15} />}
            label="Another seed"
            onClick={() => chooseParam(bound, { kind: 'random', seed: randomSeed() })}
          />
        </div>
      )}
    />
  );
}

const weightsFolderHelp =
  "A folder with safetensors and a config; a relative path is taken from the graph's own folder.";

interface FolderFieldProps {
  readonly bound: BoundParam<ParamOf<'weights'>>;
  readonly folder: string | null;
  /** What came of looking into the folder. */
  readonly said: readonly string[];
  readonly onType: () => void;
  /** A folder has been typed to its end. */
  readonly onSettle: (folder: string) => Promise<void>;
  readonly onChoose: (folder: string) => void;
}

function FolderField({ bound, folder, said, onType, onSettle, onChoose }: FolderFieldProps) {
  const typedFolder = useRef<string | null>(null);
  const take = (next: string): void => {
    onType();
    typedFolder.current = next;
    typeParam(bound, { kind: 'checkpoint', folder: next });
  };
  const settle = (): void => {
    const next = typedFolder.current;
    typedFolder.current = null;
    // What the folder says belongs to the same step.
    if (next === null) sealStep();
    else void onSettle(next);
  };
  const typed = useTyped({
    key: `${bound.documentId}/${mergeKeyOf(bound)}/folder`,
    value: folder,
    written: folder ?? '',
    parse: parseFolder,
    take,
    settle,
    takeBack: () => {
      typedFolder.current = null;
      takeBackTyping(bound.documentId, mergeKeyOf(bound));
    },
  });
  const choose = async (): Promise<void> => {
    const chosen = await chooseFolder('Choose a checkpoint folder');
    if (chosen !== null) onChoose(chosen);
  };
  const builtin = folder === null ? null : builtinName(folder);
  return (
    <Field
      label="Checkpoint folder"
      help={bound.param.standIn?.folderHelp ?? weightsFolderHelp}
      note={
        <>
          {builtin !== null && <span>{`${builtin} comes with Patchbay. `}</span>}
          <span role="status">{said.join(' ')}</span>
        </>
      }
      reason={typed.reason}
      problems={<ProblemLines problems={bound.problems} />}
    >
      {(ids) => (
        <div className={styles['beside']}>
          <TextField
            {...typed.input}
            ids={ids}
            placeholder="no folder yet"
            isWrong={typed.reason !== null || bound.problems.length > 0}
          />
          <IconButton
            icon={<FolderOpen size={15} />}
            label="Choose a folder"
            onClick={() => void choose()}
          />
        </div>
      )}
    </Field>
  );
}

const longestPath = 4096;

function parseFolder(text: string) {
  const folder = text.trim();
  if (folder === '') return fail(error('param-invalid', 'Name a folder, or go without one.'));
  if (folder.length > longestPath)
    return fail(error('param-invalid', `A path has at most ${longestPath} characters.`));
  return ok(folder);
}
