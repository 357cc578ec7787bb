/** What a person can do about a problem at a press: mend it where the mend is certain, or let what it names be read. */
import type { Problem } from '#engine/contract/problem.ts';
import { choosePlace } from '#renderer/connection/chosen-places.ts';
import type { NoticeAction } from '#renderer/notices/notices.ts';
import { askPerson } from '#renderer/overlay/ask-person.ts';
import { edit } from '#renderer/workspace/workspace-store.ts';

/** Null where there is nothing that one press would do. */
export function problemAction({ mend, unchosen }: Problem): NoticeAction | null {
  if (mend) return { title: mend.title, run: () => void edit(mend.title, mend.edits) };
  if (unchosen === undefined) return null;
  return { title: 'Allow…', run: () => void allow(unchosen) };
}

async function allow(place: string): Promise<void> {
  const isNetwork = /^[\\/]{2}[^\\/]/.test(place);
  const warning = isNetwork
    ? ' It is on another computer, which learns who you are when it is looked at.'
    : '';
  const answer = await askPerson({
    title: 'May graphs read this?',
    text: `${place} is named by this graph and was not chosen by you.${warning} What you allow stays allowed for every graph, with all that is in it.`,
    answers: [{ id: 'allow', title: 'Allow', weight: 'primary' }],
  });
  if (answer === 'allow') await choosePlace(place);
}
