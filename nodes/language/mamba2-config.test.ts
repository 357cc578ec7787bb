/** What a Mamba-2 takes from published configurations, in either spelling. */
import { describe, expect, it } from 'vitest';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

describe('a Mamba-2', () => {
  const mamba2 = catalogue['language/mamba2'];
  const authors = {
    d_model: 2560,
    d_intermediate: 0,
    n_layer: 64,
    vocab_size: 50_277,
    ssm_cfg: { layer: 'Mamba2' },
    attn_layer_idx: [],
    rms_norm: true,
    pad_vocab_size_multiple: 16,
    tie_embeddings: true,
  };
  const huggingFace = {
    model_type: 'mamba2',
    hidden_size: 768,
    num_hidden_layers: 24,
    num_heads: 24,
    n_groups: 1,
    vocab_size: 50_288,
    tie_word_embeddings: true,
  };

  it('is the published one in either spelling, its vocabulary filled up as its authors do', () => {
    expect(taken(mamba2, config(authors))).toMatchObject({
      value: {
        params: { model: 'mamba2-2.7b' },
        took: ['Mamba-2', '64 layers × 2560', 'state of 128', '50288 tokens known'],
      },
    });
    expect(taken(mamba2, config(huggingFace))).toMatchObject({
      value: { params: { model: 'mamba2-130m' } },
    });
  });

  it('normalises by groups as its authors do, and all at once as Hugging Face does', () => {
    const grouped = { layer: 'Mamba2', ngroups: 8, headdim: 32, d_state: 64 };
    expect(taken(mamba2, config({ ...authors, ssm_cfg: grouped }))).toMatchObject({
      value: { params: { headSize: 32, stateSize: 64, groupCount: 8, normGroupCount: 8 } },
    });
    expect(taken(mamba2, config({ ...huggingFace, n_groups: 8 }))).toMatchObject({
      value: { params: { groupCount: 8, normGroupCount: 1 } },
    });
  });

  it('takes time steps without limit, however infinity is spelled, and refuses a limit', () => {
    for (const most of [Infinity, { __float__: 'Infinity' }])
      expect(taken(mamba2, config({ ...huggingFace, time_step_limit: [0, most] }))).toMatchObject({
        value: { params: { model: 'mamba2-130m' } },
      });
    expect(refusal(mamba2, config({ ...huggingFace, time_step_limit: [0, 0.1] }))).toBe(
      'A limit of time steps is not built yet.',
    );
  });

  it('with other blocks, or no Mamba-2 at all, is refused with what it is', () => {
    expect(refusal(mamba2, config({ ...authors, ssm_cfg: {} }))).toMatch(/choose the node "Mamba"/);
    expect(refusal(mamba2, config({ ...huggingFace, num_heads: 23 }))).toMatch(/23 heads of 64/);
    expect(
      refusal(mamba2, config({ ...authors, ssm_cfg: { layer: 'Mamba2', norm_before_gate: true } })),
    ).toMatch(/behind its gate is not built yet/);
    expect(refusal(mamba2, config({ model_type: 'llama' }))).toMatch(/no Mamba-2 but "llama"/);
  });
});
