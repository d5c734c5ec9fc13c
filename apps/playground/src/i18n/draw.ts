import { dictionary } from './dictionary';

export const draw = dictionary({
  en: {
    title: 'Draw from words',
    intro: 'Write what you want to see; a small model draws it.',
  },
  zh: {
    title: '用文字作画',
    intro: '写下你想看到的内容，小模型把它画出来。',
  },
});
