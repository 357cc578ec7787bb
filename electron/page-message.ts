/** The checks of everything that the page says to the window. */
import { z } from 'zod';
import { sizedText } from '#engine/contract/sized.ts';
import {
  textEdits,
  type NoticeArguments,
  type NoticeName,
  type RequestArguments,
  type RequestName,
} from './channels.ts';

/** What each request may carry; anything else is refused before a dialog opens. */
export const requestSchemas: {
  readonly [Name in RequestName]: z.ZodType<RequestArguments[Name]>;
} = {
  chooseFileToOpen: z.tuple([z.enum(['graph', 'picture', 'clip'])]),
  chooseFolder: z.tuple([sizedText(0, 200)]),
  chooseFileToSave: z.tuple([sizedText(0, 300)]),
};

export const noticeSchemas: {
  readonly [Name in NoticeName]: z.ZodType<NoticeArguments[Name]>;
} = {
  setTitle: z.tuple([sizedText(0, 1000), z.boolean()]),
  awaitFiles: z.tuple([]),
  editText: z.tuple([z.enum(textEdits)]),
};
