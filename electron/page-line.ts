/** Listens to the page, and to nobody else: every message is checked for its sender and for what it carries. */
import {
  noticeChannels,
  requestChannels,
  type NoticeArguments,
  type NoticeName,
  type RequestAnswer,
  type RequestArguments,
  type RequestName,
} from './channels.ts';
import { isOwnFrame } from './navigation-guard.ts';
import { noticeSchemas, requestSchemas } from './page-message.ts';

interface PageEvent {
  /** Null where the frame is gone already. */
  readonly senderFrame: { readonly origin: string; readonly parent: unknown } | null;
}

/** The part of Electron's ipcMain that is used. */
export interface MessageSource {
  handle(
    channel: string,
    listener: (event: PageEvent, ...args: unknown[]) => Promise<unknown>,
  ): void;
  on(channel: string, listener: (event: PageEvent, ...args: unknown[]) => void): unknown;
}

export class PageLine {
  readonly #source: MessageSource;
  readonly #ownOrigin: () => string | null;

  constructor(source: MessageSource, ownOrigin: () => string | null) {
    this.#source = source;
    this.#ownOrigin = ownOrigin;
  }

  /** A request that is refused gets null, as one that the user breaks off. */
  answer<Name extends RequestName>(
    name: Name,
    answer: (...args: RequestArguments[Name]) => Promise<RequestAnswer<Name>>,
  ): void {
    this.#source.handle(requestChannels[name], async ({ senderFrame }, ...args) => {
      const asked = requestSchemas[name].safeParse(args);
      const isWelcome = isOwnFrame(senderFrame, this.#ownOrigin()) && asked.success;
      return isWelcome ? answer(...asked.data) : null;
    });
  }

  hear<Name extends NoticeName>(
    name: Name,
    listen: (...args: NoticeArguments[Name]) => void,
  ): void {
    this.#source.on(noticeChannels[name], ({ senderFrame }, ...args) => {
      const told = noticeSchemas[name].safeParse(args);
      if (isOwnFrame(senderFrame, this.#ownOrigin()) && told.success) listen(...told.data);
    });
  }
}
