import { dictionary } from './dictionary';

export const search = dictionary({
  en: {
    title: 'Search your pictures',
    intro: 'Find pictures by describing them, in words or with another picture.',
  },
  zh: {
    title: '搜索你的图片',
    intro: '用文字或另一张图片来描述，找到你要的图片。',
  },
});
