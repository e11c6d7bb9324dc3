/** Texts that try to be more than text where they are shown; each sets `window.owned` if it succeeds, or spoils the layout. */
export const hostileTexts = {
  image: `"'><img src=x onerror="window.owned=1">`,
  script: '</pre></script><script>window.owned=1</script>',
  svg: '<svg onload=window.owned=1><title>a</title></svg><style>body{display:none}</style>',
  frame: '<iframe srcdoc="<script>parent.owned=1</script>"></iframe><base href="http://evil.example/">',
  link: '[x](javascript:window.owned=1) <a href="javascript:window.owned=1">x</a>',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is to look like code
  template: "{{constructor.constructor('window.owned=1')()}} ${window.owned=1} <%= 1 %>",
  rightToLeft: '\u202Egnp.eciovni\u202C \u2067 שלום עולם مرحبا \u2069 \u202E',
  control: 'a\u0000b\u0007c\u001b[31mred\u001b[0m\u008d\u2028\u2029\uFEFFd\r\n\te',
  lone: 'half a pair \uD83D and an \uFFFE',
  huge: `${'W'.repeat(60_000)} ${'word '.repeat(2000)}`,
} as const

/** All of them but the huge one as one text. */
export const hostileText = Object.values(hostileTexts)
  .filter((text) => text.length < 1000)
  .join(' | ')
