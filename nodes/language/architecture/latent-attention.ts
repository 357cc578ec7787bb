/** Whether each head's keys and values are kept, or a latent that all of them are made of. */
import { choice, option, optionalSize, placed, size } from '#engine/node/architecture-params.ts';

export const latentAttentionParams = {
  ...placed(
    {
      attention: choice(
        'Attention',
        'What is kept of each token for those that come later.',
        'grouped',
        [option('grouped', 'Keys and values of heads'), option('latent', 'One latent (MLA)')],
      ),
    } as const,
    { group: 'attention' },
  ),
  ...placed(
    {
      keyValueRank: size(
        'Latent size',
        'Latent attention: channels that keys and values of all heads are made of.',
        512,
        65_536,
      ),
      queryRank: optionalSize(
        'Query latent size',
        'Latent attention: channels that queries come out of.',
        'straight from the tokens',
        65_536,
      ),
      rotaryHeadSize: size(
        'Rotated head size',
        'Latent attention: the last channels of a head, which positions turn and all heads share as keys.',
        32,
        1024,
      ),
      valueHeadSize: size(
        'Value head size',
        'Latent attention: channels of the values of one head.',
        64,
        1024,
      ),
    } as const,
    { group: 'attention', condition: { param: 'attention', is: ['latent'] } },
  ),
} as const;
