/** What every host of the engine has, browser or Node.js, beyond the language itself. */
export {};

declare global {
  interface AbortSignal {
    readonly aborted: boolean;
    addEventListener(type: 'abort', listener: () => void): void;
  }

  class TextEncoder {
    encode(text: string): Uint8Array<ArrayBuffer>;
  }
}
