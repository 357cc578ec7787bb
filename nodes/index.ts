/** The catalogue: every node there is, one line each, in the order of the palette. */
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { draftModel } from './acceleration/draft-model.ts';
import { earlyExit } from './acceleration/early-exit.ts';
import { fastv } from './acceleration/fastv.ts';
import { linformer } from './acceleration/linformer.ts';
import { lshAttentionPart } from './acceleration/lsh-attention.ts';
import { performer } from './acceleration/performer.ts';
import { vtw } from './acceleration/vtw.ts';
import { averagePool } from './compression/average-pool.ts';
import { contentFilter } from './compression/content-filter.ts';
import { frameAbstractor } from './compression/frame-abstractor.ts';
import { funnel } from './compression/funnel.ts';
import { instructionFilter } from './compression/instruction-filter.ts';
import { llamaVid } from './compression/llama-vid.ts';
import { memoryBank } from './compression/memory-bank.ts';
import { madtp } from './compression/madtp.ts';
import { bilinearPool } from './compression/bilinear-pool.ts';
import { pixelShuffle } from './compression/pixel-shuffle.ts';
import { prumerge } from './compression/prumerge.ts';
import { texthawk } from './compression/texthawk.ts';
import { tome } from './compression/tome.ts';
import { aimv2 } from './encoder/aimv2.ts';
import { clipVit } from './encoder/clip-vit.ts';
import { convNext } from './encoder/convnext.ts';
import { dinov2 } from './encoder/dinov2.ts';
import { efficientVitMsra } from './encoder/efficientvit-msra.ts';
import { efficientVit } from './encoder/efficientvit.ts';
import { fastVit } from './encoder/fastvit.ts';
import { mobileClipVit } from './encoder/mobileclip-vit.ts';
import { mobileVit } from './encoder/mobilevit.ts';
import { mobileVitV2 } from './encoder/mobilevitv2.ts';
import { dinov3 } from './encoder/dinov3.ts';
import { eva } from './encoder/eva.ts';
import { eva02 } from './encoder/eva02.ts';
import { idefics3Vision } from './encoder/idefics3-vision.ts';
import { internVit } from './encoder/intern-vit.ts';
import { languageBindVideo } from './encoder/languagebind-video.ts';
import { monkeyVit } from './encoder/monkey-vit.ts';
import { pixtral } from './encoder/pixtral.ts';
import { qwen2VlVision } from './encoder/qwen2-vl-vision.ts';
import { qwenVlVit } from './encoder/qwen-vl-vit.ts';
import { samDownsampled } from './encoder/sam-downsampled.ts';
import { samVit } from './encoder/sam-vit.ts';
import { siglip } from './encoder/siglip.ts';
import { siglip2 } from './encoder/siglip2.ts';
import { swin } from './encoder/swin.ts';
import { vit } from './encoder/vit.ts';
import { vitamin } from './encoder/vitamin.ts';
import { channelJoin } from './fusion/channel-join.ts';
import { mapTiles } from './fusion/map-tiles.ts';
import { scaleJoin } from './fusion/scale-join.ts';
import { sequenceJoin } from './fusion/sequence-join.ts';
import { patchMining } from './fusion/patch-mining.ts';
import { image } from './input/image.ts';
import { prompt } from './input/prompt.ts';
import { video } from './input/video.ts';
import { decoder } from './language/decoder.ts';
import { jamba } from './language/jamba.ts';
import { mamba } from './language/mamba.ts';
import { rwkv } from './language/rwkv.ts';
import { mamba2 } from './language/mamba2.ts';
import { feedForward } from './moe/feed-forward.ts';
import { answer } from './output/answer.ts';
import { anyresPack } from './projector/anyres-pack.ts';
import { cAbstractor } from './projector/c-abstractor.ts';
import { dAbstractor } from './projector/d-abstractor.ts';
import { ldp } from './projector/ldp.ts';
import { hybridMlp } from './projector/hybrid-mlp.ts';
import { idefics2Perceiver } from './projector/idefics2-perceiver.ts';
import { ideficsPerceiver } from './projector/idefics-perceiver.ts';
import { ldpV2 } from './projector/ldp-v2.ts';
import { linear } from './projector/linear.ts';
import { meqFormer } from './projector/meq-former.ts';
import { mlp } from './projector/mlp.ts';
import { perceiverResampler } from './projector/perceiver-resampler.ts';
import { mistral3Merger } from './projector/mistral3-merger.ts';
import { moeMlp } from './projector/moe-mlp.ts';
import { normedLinear } from './projector/normed-linear.ts';
import { patchMerger } from './projector/patch-merger.ts';
import { qFormer } from './projector/q-former.ts';
import { reformer } from './projector/reformer.ts';
import { regstage } from './projector/regstage.ts';
import { setAttentionBlock } from './projector/set-attention.ts';
import { setPooling } from './projector/set-pooling.ts';
import { ss2d } from './projector/ss2d.ts';
import { vssConnector } from './projector/vss-connector.ts';
import { xdp } from './projector/xdp.ts';
import { sincosResampler } from './projector/sincos-resampler.ts';
import { tokenpacker } from './projector/tokenpacker.ts';
import { embedding } from './text/embedding.ts';
import { tokenise } from './text/tokenise.ts';
import { anyresTiles } from './vision/anyres-tiles.ts';
import { dynamicTiles } from './vision/dynamic-tiles.ts';
import { nativeResolution } from './vision/native-resolution.ts';
import { ocrAgent } from './vision/ocr-agent.ts';
import { panAndScan } from './vision/pan-and-scan.ts';
import { preprocess } from './vision/preprocess.ts';
import { scaleTiles } from './vision/scale-tiles.ts';
import { splitTiles } from './vision/split-tiles.ts';
import { uhdSlices } from './vision/uhd-slices.ts';
import { groupedQuery } from './weights/grouped-query.ts';
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
  'vision/scale-tiles': scaleTiles,
  'vision/pan-and-scan': panAndScan,
  'vision/uhd-slices': uhdSlices,
  'vision/ocr-agent': ocrAgent,
  'text/tokenise': tokenise,
  'text/embedding': embedding,
  'encoder/vit': vit,
  'encoder/clip-vit': clipVit,
  'encoder/languagebind-video': languageBindVideo,
  'encoder/siglip': siglip,
  'encoder/siglip2': siglip2,
  'encoder/dinov2': dinov2,
  'encoder/convnext': convNext,
  'encoder/fastvit': fastVit,
  'encoder/mobileclip-vit': mobileClipVit,
  'encoder/efficientvit': efficientVit,
  'encoder/efficientvit-msra': efficientVitMsra,
  'encoder/mobilevit': mobileVit,
  'encoder/mobilevitv2': mobileVitV2,
  'encoder/dinov3': dinov3,
  'encoder/eva': eva,
  'encoder/eva02': eva02,
  'encoder/aimv2': aimv2,
  'encoder/intern-vit': internVit,
  'encoder/idefics3-vision': idefics3Vision,
  'encoder/pixtral': pixtral,
  'encoder/qwen2-vl-vision': qwen2VlVision,
  'encoder/qwen-vl-vit': qwenVlVit,
  'encoder/monkey-vit': monkeyVit,
  'encoder/vitamin': vitamin,
  'encoder/swin': swin,
  'encoder/sam-vit': samVit,
  'encoder/sam-downsampled': samDownsampled,
  'fusion/channel-join': channelJoin,
  'fusion/sequence-join': sequenceJoin,
  'fusion/patch-mining': patchMining,
  'fusion/map-tiles': mapTiles,
  'fusion/scale-join': scaleJoin,
  'compression/average-pool': averagePool,
  'compression/bilinear-pool': bilinearPool,
  'compression/pixel-shuffle': pixelShuffle,
  'compression/prumerge': prumerge,
  'compression/tome': tome,
  'compression/madtp': madtp,
  'compression/llama-vid': llamaVid,
  'compression/funnel': funnel,
  'compression/memory-bank': memoryBank,
  'compression/frame-abstractor': frameAbstractor,
  'compression/texthawk': texthawk,
  'compression/content-filter': contentFilter,
  'compression/instruction-filter': instructionFilter,
  'projector/anyres-pack': anyresPack,
  'projector/linear': linear,
  'projector/normed-linear': normedLinear,
  'projector/mlp': mlp,
  'projector/hybrid-mlp': hybridMlp,
  'projector/ldp': ldp,
  'projector/moe-mlp': moeMlp,
  'projector/patch-merger': patchMerger,
  'projector/mistral3-merger': mistral3Merger,
  'projector/ldp-v2': ldpV2,
  'projector/xdp': xdp,
  'projector/regstage': regstage,
  'projector/c-abstractor': cAbstractor,
  'projector/d-abstractor': dAbstractor,
  'projector/ss2d': ss2d,
  'projector/vss-connector': vssConnector,
  'projector/q-former': qFormer,
  'projector/meq-former': meqFormer,
  'projector/perceiver-resampler': perceiverResampler,
  'projector/idefics-perceiver': ideficsPerceiver,
  'projector/idefics2-perceiver': idefics2Perceiver,
  'projector/sincos-resampler': sincosResampler,
  'projector/tokenpacker': tokenpacker,
  'projector/set-pooling': setPooling,
  'projector/set-attention': setAttentionBlock,
  'projector/reformer': reformer,
  'moe/feed-forward': feedForward,
  'acceleration/fastv': fastv,
  'acceleration/vtw': vtw,
  'acceleration/draft-model': draftModel,
  'acceleration/early-exit': earlyExit,
  'acceleration/linformer': linformer,
  'acceleration/performer': performer,
  'acceleration/lsh-attention': lshAttentionPart,
  'weights/lora': lora,
  'weights/grouped-query': groupedQuery,
  'language/decoder': decoder,
  'language/mamba': mamba,
  'language/rwkv': rwkv,
  'language/mamba2': mamba2,
  'language/jamba': jamba,
  'output/answer': answer,
} as const satisfies Catalogue;
