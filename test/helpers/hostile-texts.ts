/** Each would call `alert`, fetch from elsewhere or leave its place, if it were taken for more than a text. */
export const hostileTexts = [
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '<!--<script>alert(1)',
  '<img src=x onerror=alert(1)>',
  '<img src=http://127.0.0.1:9/leak>',
  '<svg onload=alert(1)>',
  '<style>*{background:url(http://127.0.0.1:9/leak)}</style>',
  '"><a href="javascript:alert(1)" autofocus onfocus=alert(1)>',
  "' onmouseover='alert(1)",
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  'constructor',
  '\u202egnp.exe',
  'line\u2028separator',
  '&lt;b&gt; &amp; &#60;',
];
