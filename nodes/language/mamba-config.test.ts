/** What a Mamba takes from published configurations, in either spelling. */
import { describe, expect, it } from 'vitest';
import { config, read, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

describe('a Mamba', () => {
  const mamba = catalogue['language/mamba'];
  const authors = {
    d_model: 2560,
    n_layer: 64,
    vocab_size: 50_277,
    ssm_cfg: {},
    rms_norm: true,
    residual_in_fp32: true,
    pad_vocab_size_multiple: 8,
  };

  it('is the published one in either spelling, its vocabulary filled up as its authors do', () => {
    expect(taken(mamba, config(authors))).toMatchObject({
      value: {
        params: { model: 'mamba-2.8b' },
        took: ['Mamba', '64 layers × 2560', 'state of 16', '50280 tokens known'],
      },
    });
    const huggingFace = {
      model_type: 'mamba',
      hidden_size: 768,
      num_hidden_layers: 24,
      time_step_rank: 48,
      vocab_size: 50_280,
    };
    expect(taken(mamba, config(huggingFace))).toMatchObject({
      value: { params: { model: 'mamba-130m' } },
    });
  });

  it('of Falcon has inner norms, and as many inner channels as its file says, not its factor', () => {
    const falcon = {
      model_type: 'falcon_mamba',
      hidden_size: 4096,
      num_hidden_layers: 64,
      intermediate_size: 8192,
      expand: 16,
      time_step_rank: 256,
      vocab_size: 65_024,
      tie_word_embeddings: false,
    };
    expect(taken(mamba, config(falcon))).toMatchObject({
      value: { params: { model: 'falcon-mamba-7b' } },
    });
    expect(taken(mamba, config({ ...falcon, mixer_rms_eps: 1e-5 }))).toMatchObject({
      value: { params: { model: 'falcon3-mamba-7b' } },
    });
  });

  it('has the figures of its blocks where its authors keep them', () => {
    const blocks = { d_state: 8, d_conv: 3, expand: 3, dt_rank: 5, bias: true, conv_bias: false };
    expect(taken(mamba, config({ ...authors, ssm_cfg: blocks, rms_norm: false }))).toMatchObject({
      value: {
        params: {
          model: 'custom',
          innerSize: 7680,
          stateSize: 8,
          kernelSize: 3,
          stepRank: 5,
          projectionBias: true,
          convolutionBias: false,
          norm: 'layer',
        },
      },
    });
  });

  it('with other blocks, or no Mamba at all, is refused with what it is', () => {
    expect(refusal(mamba, config({ ...authors, ssm_cfg: { layer: 'Mamba2' } }))).toMatch(
      /choose the node "Mamba-2"/,
    );
    expect(refusal(mamba, config({ ...authors, ssm_cfg: { layer: 'Mamba3' } }))).toBe(
      'The block "Mamba3" is not built yet.',
    );
    expect(refusal(mamba, config({ ...authors, attn_layer_idx: [9] }))).toMatch(
      /Attention between/,
    );
    expect(refusal(mamba, config({ model_type: 'mamba2' }))).toMatch(/choose the node "Mamba-2"/);
    expect(refusal(mamba, config({ model_type: 'constructor' }))).toMatch(/no Mamba but "con/);
    expect(refusal(mamba, config({ model_type: 'zamba' }))).toMatch(/"zamba" is not/);
    expect(refusal(mamba, config(read('slm/llama-mha/config.json')))).toBe(
      'config.json describes no Mamba but "llama"; choose the node of its family.',
    );
    expect(refusal(catalogue['language/decoder'], config({ model_type: 'mamba' }))).toMatch(
      /choose the node "Mamba"/,
    );
  });
});
