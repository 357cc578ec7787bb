import { Copy } from 'lucide-react';
import { IconButton } from '#renderer/parts/button.tsx';
import { copyText } from '#renderer/results/export/copy-text.ts';

interface CopyAnswerProps {
  readonly text: string;
  /** Whose answer it is, where there are several. */
  readonly of?: string;
}

export function CopyAnswer({ text, of }: CopyAnswerProps) {
  if (text === '') return null;
  const what = of === undefined ? 'the answer' : `the answer of ${of}`;
  return (
    <IconButton
      icon={<Copy size={14} />}
      label={`Copy ${what}`}
      onClick={() => void copyText(text, what)}
    />
  );
}
