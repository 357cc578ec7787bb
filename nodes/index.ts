/** The catalogue: every node there is, one line each, in the order of the palette. */
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { draftModel } from './acceleration/draft-model.ts';
import { earlyExit } from './acceleration/early-exit.ts';
import { fastv } from './acceleration/fastv.ts';
import { linformer } from './acceleration/linformer.ts';
import { vtw } from './acceleration/vtw.ts';
import { averagePool } from './compression/average-pool.ts';
import { pixelShuffle } from './compression/pixel-shuffle.ts';
import { prumerge } from './compression/prumerge.ts';
import { tome } from './compression/tome.ts';
import { aimv2 } from './encoder/aimv2.ts';
import { clipVit } from './encoder/clip-vit.ts';
import { dinov2 } from './encoder/dinov2.ts';
import { dinov3 } from './encoder/dinov3.ts';
import { eva } from './encoder/eva.ts';
import { eva02 } from './encoder/eva02.ts';
import { idefics3Vision } from './encoder/idefics3-vision.ts';
import { internVit } from './encoder/intern-vit.ts';
import { pixtral } from './encoder/pixtral.ts';
import { qwen2VlVision } from './encoder/qwen2-vl-vision.ts';
import { samVit } from './encoder/sam-vit.ts';
import { siglip } from './encoder/siglip.ts';
import { siglip2 } from './encoder/siglip2.ts';
import { swin } from './encoder/swin.ts';
import { vit } from './encoder/vit.ts';
import { vitamin } from './encoder/vitamin.ts';
import { channelJoin } from './fusion/channel-join.ts';
import { image } from './input/image.ts';
import { prompt } from './input/prompt.ts';
import { video } from './input/video.ts';
import { decoder } from './language/decoder.ts';
import { mamba } from './language/mamba.ts';
import { feedForward } from './moe/feed-forward.ts';
import { answer } from './output/answer.ts';
import { anyresPack } from './projector/anyres-pack.ts';
import { ldpV2 } from './projector/ldp-v2.ts';
import { linear } from './projector/linear.ts';
import { mlp } from './projector/mlp.ts';
import { qFormer } from './projector/q-former.ts';
import { embedding } from './text/embedding.ts';
import { tokenise } from './text/tokenise.ts';
import { anyresTiles } from './vision/anyres-tiles.ts';
import { preprocess } from './vision/preprocess.ts';
import { lora } from './weights/lora.ts';

export const catalogue = {
  'input/image': image,
  'input/video': video,
  'input/prompt': prompt,
  'vision/preprocess': preprocess,
  'vision/anyres-tiles': anyresTiles,
  'text/tokenise': tokenise,
  'text/embedding': embedding,
  'encoder/vit': vit,
  'encoder/clip-vit': clipVit,
  'encoder/siglip': siglip,
  'encoder/siglip2': siglip2,
  'encoder/dinov2': dinov2,
  'encoder/dinov3': dinov3,
  'encoder/eva': eva,
  'encoder/eva02': eva02,
  'encoder/aimv2': aimv2,
  'encoder/intern-vit': internVit,
  'encoder/idefics3-vision': idefics3Vision,
  'encoder/pixtral': pixtral,
  'encoder/qwen2-vl-vision': qwen2VlVision,
  'encoder/vitamin': vitamin,
  'encoder/swin': swin,
  'encoder/sam-vit': samVit,
  'fusion/channel-join': channelJoin,
  'compression/average-pool': averagePool,
  'compression/pixel-shuffle': pixelShuffle,
  'compression/prumerge': prumerge,
  'compression/tome': tome,
  'projector/anyres-pack': anyresPack,
  'projector/linear': linear,
  'projector/mlp': mlp,
  'projector/ldp-v2': ldpV2,
  'projector/q-former': qFormer,
  'moe/feed-forward': feedForward,
  'acceleration/fastv': fastv,
  'acceleration/vtw': vtw,
  'acceleration/draft-model': draftModel,
  'acceleration/early-exit': earlyExit,
  'acceleration/linformer': linformer,
  'weights/lora': lora,
  'language/decoder': decoder,
  'language/mamba': mamba,
  'output/answer': answer,
} as const satisfies Catalogue;
