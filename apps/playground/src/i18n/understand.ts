import { dictionary } from './dictionary';

export const understand = dictionary({
  en: {
    title: 'Understand feelings',
    intro: 'What words and a picture say together.',
  },
  zh: {
    title: '理解情感',
    intro: '文字与图片一起表达了什么。',
  },
});
