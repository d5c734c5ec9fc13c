import { dictionary } from './dictionary';

export const train = dictionary({
  en: {
    title: 'Train a model',
    intro: 'Teach a model with a few pictures of your own.',
  },
  zh: {
    title: '训练模型',
    intro: '用你自己的几张图片教会一个模型。',
  },
});
