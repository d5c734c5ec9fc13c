import { ConfigError } from '@crossmodal/core';

/** A complete set of emoji drawings by one designer, as an npm package ships it. */
export interface Designer {
  id: string;
  name: string;
  author: string;
  /** The npm package that holds the drawings. */
  package: string;
  /** `iconify`: one JSON file of SVG bodies; `webp`: a folder of pictures named by code point. */
  format: 'iconify' | 'webp';
  /** SPDX name of the licence of the drawings. */
  licence: string;
  url: string;
  /** The test designer's drawings are never trained on, and never choose a setting. */
  role: 'train' | 'test';
}

const FLUENT = {
  author: 'Microsoft Corporation',
  licence: 'MIT',
  url: 'https://github.com/microsoft/fluentui-emoji',
};
const NOTO = {
  author: 'Google Inc',
  licence: 'Apache-2.0',
  url: 'https://github.com/googlefonts/noto-emoji',
};
const EMOJITWO = { licence: 'CC-BY-4.0', url: 'https://github.com/EmojiTwo/emojitwo' };

/** Every designer the main job knows, with the licence of the drawings. */
export const designers: readonly Designer[] = [
  {
    id: 'noto',
    name: 'Noto Emoji',
    package: '@iconify-json/noto',
    format: 'iconify',
    role: 'train',
    ...NOTO,
  },
  {
    id: 'noto-v1',
    name: 'Noto Emoji (v1)',
    package: '@iconify-json/noto-v1',
    format: 'iconify',
    role: 'train',
    ...NOTO,
  },
  {
    id: 'twemoji',
    name: 'Twemoji',
    author: 'Twitter and contributors',
    package: '@iconify-json/twemoji',
    format: 'iconify',
    licence: 'CC-BY-4.0',
    url: 'https://github.com/jdecked/twemoji',
    role: 'train',
  },
  {
    id: 'fluent-flat',
    name: 'Fluent Emoji Flat',
    package: '@iconify-json/fluent-emoji-flat',
    format: 'iconify',
    role: 'train',
    ...FLUENT,
  },
  {
    id: 'fluent-color',
    name: 'Fluent Emoji',
    package: '@iconify-json/fluent-emoji',
    format: 'iconify',
    role: 'train',
    ...FLUENT,
  },
  {
    id: 'fluent-3d',
    name: 'Fluent Emoji 3D',
    package: '@lobehub/fluent-emoji-3d',
    format: 'webp',
    role: 'train',
    ...FLUENT,
  },
  {
    id: 'fluent-contrast',
    name: 'Fluent Emoji High Contrast',
    package: '@iconify-json/fluent-emoji-high-contrast',
    format: 'iconify',
    role: 'train',
    ...FLUENT,
  },
  {
    id: 'fxemoji',
    name: 'Firefox OS Emoji',
    author: 'Mozilla',
    package: '@iconify-json/fxemoji',
    format: 'iconify',
    licence: 'Apache-2.0',
    url: 'https://github.com/mozilla/fxemoji',
    role: 'train',
  },
  {
    id: 'emojione',
    name: 'EmojiTwo',
    author: 'EmojiTwo',
    package: '@iconify-json/emojione',
    format: 'iconify',
    role: 'train',
    ...EMOJITWO,
  },
  {
    id: 'emojione-monotone',
    name: 'EmojiTwo Monotone',
    author: 'EmojiTwo',
    package: '@iconify-json/emojione-monotone',
    format: 'iconify',
    role: 'train',
    ...EMOJITWO,
  },
  {
    id: 'emojione-v1',
    name: 'EmojiOne (v1)',
    author: 'EmojiOne',
    package: '@iconify-json/emojione-v1',
    format: 'iconify',
    licence: 'CC-BY-SA-4.0',
    url: 'https://github.com/joypixels/emojione-legacy',
    role: 'train',
  },
  {
    id: 'streamline',
    name: 'Streamline Emojis',
    author: 'Streamline',
    package: '@iconify-json/streamline-emojis',
    format: 'iconify',
    licence: 'CC-BY-4.0',
    url: 'https://github.com/webalys-hq/streamline-vectors',
    role: 'train',
  },
  {
    id: 'openmoji',
    name: 'OpenMoji',
    author: 'OpenMoji',
    package: '@iconify-json/openmoji',
    format: 'iconify',
    licence: 'CC-BY-SA-4.0',
    url: 'https://github.com/hfg-gmuend/openmoji',
    role: 'test',
  },
];

/** The designer of that id. */
export function designerById(id: string): Designer {
  const designer = designers.find((candidate) => candidate.id === id);
  if (!designer) {
    const known = designers.map((candidate) => candidate.id).join(', ');
    throw new ConfigError(`designerById: id: expected one of ${known}, received "${id}".`);
  }
  return designer;
}
