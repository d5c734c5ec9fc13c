import { expect, it } from 'vitest';
import { unescapeHtml } from './unescape-html';

// Each as Python 3.11's html.unescape gives it.
it.each([
  ['&lt;b&gt; &amp;amp;', '<b> &amp;'],
  ['&eacute &eacutex &notit; &notin;', 'é éx ¬it; ∉'],
  ['&#233; &#xe9; &#XE9 &#128; &#x9f;', 'é é é € Ÿ'],
  ['&#0; &#xd800; &#1114112; &#99999999999999999999;', '\ufffd \ufffd \ufffd \ufffd'],
  ['[&#1;] [&#x7f;] [&#xfffe;] [&#x10ffff;] [&#13;] [&#12;]', '[] [] [] [] [\r] [\f]'],
  ['& && &; &# &#x; &unknown; &constructor;', '& && &; &# &#x; &unknown; &constructor;'],
  ['&NotEqualTilde; &CounterClockwiseContourIntegral;', '\u2242\u0338 ∳'],
])('resolves %j', (text, expected) => {
  expect(unescapeHtml(text)).toBe(expected);
});
