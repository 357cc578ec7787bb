/** An event stream as a browser reads it. For tests. */

/** The fields of one message, by name. */
export type StreamMessage = ReadonlyMap<string, string>;

export async function* messagesOf(response: Response): AsyncGenerator<StreamMessage> {
  let rest = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const messages = (rest + chunk).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      yield new Map(
        message.split('\n').map((line) => {
          const [name = '', ...value] = line.split(': ');
          return [name, value.join(': ')];
        }),
      );
    }
  }
}
