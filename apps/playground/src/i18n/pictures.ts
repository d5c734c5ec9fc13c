import { dictionary } from './dictionary';

/** Why a picture is refused. */
export const pictures = dictionary({
  en: {
    tooManyBytes: '{name} has {size} MB; at most {limit} MB are read.',
    tooLarge: '{name} is {width} x {height}; at most {limit} megapixels and {side} a side are decoded.',
    notAPicture: '{name} is no picture that this page reads (PNG, JPEG, WebP, GIF, AVIF, BMP).',
    svg: '{name} is an SVG, a drawing that can contain programs. Save it as PNG first.',
    damaged: '{name} is damaged: the browser cannot decode it.',
    unreadable: '{name} cannot be read: the file is gone or locked.',
  },
  zh: {
    tooManyBytes: '{name} 有 {size} MB，最多只读取 {limit} MB。',
    tooLarge: '{name} 的尺寸是 {width} x {height}，最多解码 {limit} 百万像素、单边 {side} 像素。',
    notAPicture: '{name} 不是本页支持的图片（PNG、JPEG、WebP、GIF、AVIF、BMP）。',
    svg: '{name} 是 SVG，可能包含程序。请先另存为 PNG。',
    damaged: '{name} 已损坏，浏览器无法解码。',
    unreadable: '无法读取 {name}：文件已不存在或被占用。',
  },
});
