/** Machines that are not here, by what their makers publish of them. */

export interface DescribedMachine {
  readonly title: string;
  readonly memoryBytes: number;
  /** Where its maker says so. */
  readonly source: string;
}

const gibibytes = 2 ** 30;

export const describedMachines = {
  'raspberry-pi-5': {
    title: 'Raspberry Pi 5, 8 GB',
    memoryBytes: 8 * gibibytes,
    source: 'https://www.raspberrypi.com/products/raspberry-pi-5/',
  },
  'jetson-orin-nano': {
    title: 'Jetson Orin Nano, 8 GB',
    memoryBytes: 8 * gibibytes,
    source: 'https://developer.nvidia.com/embedded/jetson-modules',
  },
  'jetson-agx-orin': {
    title: 'Jetson AGX Orin, 64 GB',
    memoryBytes: 64 * gibibytes,
    source: 'https://developer.nvidia.com/embedded/jetson-modules',
  },
  'pixel-8': {
    title: 'Pixel 8, 8 GB',
    memoryBytes: 8 * gibibytes,
    source: 'https://store.google.com/product/pixel_8_specs',
  },
  'pixel-8-pro': {
    title: 'Pixel 8 Pro, 12 GB',
    memoryBytes: 12 * gibibytes,
    source: 'https://store.google.com/product/pixel_8_specs',
  },
  'macbook-air-m3': {
    title: 'MacBook Air M3, 16 GB',
    memoryBytes: 16 * gibibytes,
    source: 'https://support.apple.com/en-us/118551',
  },
} as const satisfies Readonly<Record<string, DescribedMachine>>;
