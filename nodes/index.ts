/** The catalogue: every node there is, one line each, in the order of the palette. */
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { draftModel } from './acceleration/draft-model.ts';
import { earlyExit } from './acceleration/early-exit.ts';
import { fastv } from './acceleration/fastv.ts';
import { linformer } from './acceleration/linformer.ts';
import { vtw } from './acceleration/vtw.ts';
import { averagePool } from './compression/average-pool.ts';
import { bilinearPool } from './compression/bilinear-pool.ts';
import { pixelShuffle } from './compression/pixel-shuffle.ts';
import { prumerge } from './compression/prumerge.ts';
import { tome } from './compression/tome.ts';
import { clipVit } from './encoder/clip-vit.ts';
import { dinov2 } from './encoder/dinov2.ts';
import { siglip } from './encoder/siglip.ts';
import { vit } from './encoder/vit.ts';
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
import { mistral3Merger } from './projector/mistral3-merger.ts';
import { mlp } from './projector/mlp.ts';
import { moeMlp } from './projector/moe-mlp.ts';
import { normedLinear } from './projector/normed-linear.ts';
import { patchMerger } from './projector/patch-merger.ts';
import { qFormer } from './projector/q-former.ts';
import { embedding } from './text/embedding.ts';
import { tokenise } from './text/tokenise.ts';
import { anyresTiles } from './vision/anyres-tiles.ts';
import { dynamicTiles } from './vision/dynamic-tiles.ts';
import { nativeResolution } from './vision/native-resolution.ts';
import { panAndScan } from './vision/pan-and-scan.ts';
import { preprocess } from './vision/preprocess.ts';
import { splitTiles } from './vision/split-tiles.ts';
import { uhdSlices } from './vision/uhd-slices.ts';
import { lora } from './weights/lora.ts';

export const catalogue = {
  'input/image': image,
  'input/video': video,
  'input/prompt': prompt,
  'vision/preprocess': preprocess,
  'vision/native-resolution': nativeResolution,
  'vision/anyres-tiles': anyresTiles,
  'vision/dynamic-tiles': dynamicTiles,
  'vision/split-tiles': splitTiles,
  'vision/pan-and-scan': panAndScan,
  'vision/uhd-slices': uhdSlices,
  'text/tokenise': tokenise,
  'text/embedding': embedding,
  'encoder/vit': vit,
  'encoder/clip-vit': clipVit,
  'encoder/siglip': siglip,
  'encoder/dinov2': dinov2,
  'fusion/channel-join': channelJoin,
  'compression/average-pool': averagePool,
  'compression/bilinear-pool': bilinearPool,
  'compression/pixel-shuffle': pixelShuffle,
  'compression/prumerge': prumerge,
  'compression/tome': tome,
  'projector/anyres-pack': anyresPack,
  'projector/linear': linear,
  'projector/normed-linear': normedLinear,
  'projector/mlp': mlp,
  'projector/moe-mlp': moeMlp,
  'projector/patch-merger': patchMerger,
  'projector/mistral3-merger': mistral3Merger,
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
