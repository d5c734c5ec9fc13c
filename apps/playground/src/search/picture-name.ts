import { language } from '../settings';

/** A picture's name to show: drawings of emoji have one in each language, a line each. */
export function pictureName(name: string): string {
  const [en = '', zh = en] = name.split('\n');
  return language.value === 'zh' ? zh : en;
}
