/** "KV cache" where keys and values are all that goes from token to token, "state" where recurrent layers remember something. */
export function stateWord(recurrentBytes: number): 'KV cache' | 'state' {
  return recurrentBytes > 0 ? 'state' : 'KV cache';
}
