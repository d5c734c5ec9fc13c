import { dictionary } from './dictionary';

export const models = dictionary({
  en: {
    label: 'Model',
    shipped: 'The model that comes with the page',
    trained: 'Trained: {data}, {date}, step {step}',
    none: 'A model of your own can stand here: train one in the Train tab, and choose “Use in Search” there.',
    ownPictures:
      'Pictures are taken in by each model for itself: those of the one are not among the other’s.',
    gone: 'The trained model that was in use is no longer in this browser. The model that comes with the page is used.',
    fellBack:
      'The trained model is deleted with its run. Search and Understand use the model that comes with the page again.',
  },
  zh: {
    label: '模型',
    shipped: '本页自带的模型',
    trained: '训练所得：{data}，{date}，第 {step} 步',
    none: '这里可以用你自己的模型：在“训练”中训练一个，然后选择“用于搜索”。',
    ownPictures: '每个模型各自查看图片：为一个模型添加的图片，另一个模型里没有。',
    gone: '之前使用的训练模型已不在此浏览器中，现在使用本页自带的模型。',
    fellBack: '训练模型已随训练一起删除，“搜索”和“理解”重新使用本页自带的模型。',
  },
});
